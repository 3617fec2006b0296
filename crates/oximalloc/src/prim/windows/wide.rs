//! Texts of the system, which are in UTF-16, as bytes in UTF-8.

/// Writes a text to `out`. Returns how many bytes were written, and whether the text is whole. Half a surrogate pair,
/// which UTF-8 cannot express, becomes three bytes, as in Rust's `OsString`.
pub fn encode(text: &[u16], out: &mut [u8]) -> (usize, bool) {
    let mut len = 0;
    for letter in char::decode_utf16(text.iter().copied()) {
        let mut bytes = [0; 4];
        let bytes: &[u8] = match letter {
            Ok(letter) => letter.encode_utf8(&mut bytes).as_bytes(),
            Err(half) => {
                let half = half.unpaired_surrogate();
                let six = |shift: u32| 0x80 | (half >> shift & 0x3f) as u8;
                bytes = [0xe0 | (half >> 12) as u8, six(6), six(0), 0];
                &bytes[..3]
            }
        };
        let Some(place) = out.get_mut(len..len + bytes.len()) else { return (len, false) };
        place.copy_from_slice(bytes);
        len += bytes.len();
    }
    (len, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;

    #[test]
    fn as_the_standard_library() {
        let mut out = [0; 32];
        for text in [&[][..], &[0x41, 0xe4, 0x20ac], &[0xd83d, 0xde00, 0x42], &[0x41, 0xd83d, 0x42], &[0xde00]] {
            let (len, whole) = encode(text, &mut out);
            assert!(whole);
            assert_eq!(out[..len], *OsString::from_wide(text).into_encoded_bytes());
        }
        assert_eq!(encode(&[0x41, 0x20ac, 0x42], &mut out[..3]), (1, false));
    }
}
