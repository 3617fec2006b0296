//! Tests of the table of options and of the values in force. Each test uses options of its own, because all tests of
//! the process share the values.
use super::*;
use crate::diag::output::tests::captured;

/// The table agrees with the data of the C interface, line by line.
#[test]
fn the_table_is_the_interface() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../oximalloc-c/abi/options.tsv");
    let text = std::fs::read_to_string(file).expect(file);
    let lines = || text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect::<Vec<_>>());
    let mut options = ALL.into_iter();
    for line in lines().filter(|l| l[0] != "older") {
        let option = options.next().expect("an option for each line");
        assert_eq!(option.number().to_string(), line[0]);
        assert_eq!(Opt::from_index(option.number()), Some(option));
        assert_eq!((option.name(), option.unit(), DOCS[option as usize]), (line[1], line[3], line[4]));
        let variant = format!("{option:?}").to_lowercase();
        assert_eq!(variant, line[1].replace('_', ""));
        let by_flavour = [Opt::ShowErrors, Opt::Secure].contains(&option);
        if !by_flavour && usize::BITS == 64 {
            let default = if line[2] == "-" { 0 } else { line[2].parse().expect(line[1]) };
            assert_eq!(DEFAULTS[option as usize], default, "{}", line[1]);
        }
    }
    assert_eq!(options.next(), None);
    let mut older: Vec<_> = ALL.iter().flat_map(|o| o.words().1.split(' ').skip(1).map(|n| (n, o.name()))).collect();
    let mut listed: Vec<_> = lines().filter(|l| l[0] == "older").collect();
    older.sort();
    listed.sort();
    assert_eq!(older, listed.iter().map(|l| (l[1], l[2])).collect::<Vec<_>>());
}

#[test]
fn numbers_outside_the_table() {
    assert_eq!(Opt::from_index(-1), None);
    assert_eq!(Opt::from_index(INTERFACE as i32), None);
    assert_eq!(Opt::from_index(OWN + (COUNT - INTERFACE) as i32), None);
    assert_eq!(Opt::from_index(i32::MAX), None);
    assert_eq!(Opt::from_index(46), Some(Opt::ArenaIsNumaLocal));
}

#[test]
fn the_flavour_decides_some_defaults() {
    assert_eq!(DEFAULTS[Opt::ShowErrors as usize], i64::from(cfg!(debug_assertions)));
    assert_eq!(DEFAULTS[Opt::Secure as usize], if cfg!(feature = "secure-default") { 2 } else { 0 });
}

#[test]
fn a_choice_beats_a_default() {
    set_default(Opt::OsTag, 5);
    assert_eq!(get(Opt::OsTag), 5);
    set(Opt::OsTag, 7);
    set_default(Opt::OsTag, 9);
    Opt::OsTag.setting().adopt(11);
    assert_eq!(get(Opt::OsTag), 7);

    Opt::GuardedSampleSeed.setting().adopt(3);
    set_default(Opt::GuardedSampleSeed, 4);
    assert_eq!(get(Opt::GuardedSampleSeed), 3);
    set_enabled(Opt::GuardedSampleSeed, false);
    assert!(!enabled(Opt::GuardedSampleSeed));
}

#[test]
fn sizes_and_limits() {
    assert_eq!(size(Opt::GuardedMax), 1 << 30);
    set(Opt::ReserveOsMemory, 3);
    assert_eq!(size(Opt::ReserveOsMemory), 3072);
    set(Opt::ReserveOsMemory, i64::MAX);
    assert_eq!(size(Opt::ReserveOsMemory), usize::MAX);
    set(Opt::ReserveOsMemory, -4);
    assert_eq!(size(Opt::ReserveOsMemory), 0);
}

#[test]
fn the_list_names_all_that_have_an_effect() {
    let text = captured(print_to);
    for option in ALL {
        assert_eq!(text.contains(&format!(" {} ", option.name())), option.has_effect());
    }
    let line = text.lines().find(|line| line.contains(" page_max_reclaim ")).unwrap_or_default();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["option", "page_max_reclaim", "-1", "count", "(default)"]);
}
