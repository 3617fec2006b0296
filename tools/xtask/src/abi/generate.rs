//! C and C++ sources that only compile if the headers say what the tables say.

use std::fmt::Write;

use super::options::OWN;
use super::tables::Tables;

/// What the library is compatible with: constants of the headers that no table has.
const CONSTANTS: [(&str, &str); 4] = [
    ("MI_MALLOC_VERSION / 100", "304"),
    ("MI_STAT_VERSION", "5"),
    ("MI_SMALL_SIZE_MAX", "128 * sizeof(void*)"),
    ("MI_BIN_HUGE + 1", "sizeof(((mi_stats_t*)0)->malloc_bins) / sizeof(mi_stat_count_t)"),
];

const HEADERS: &str = "#include <mimalloc.h>\n#include <mimalloc-stats.h>\n";

/// C: each function is declared, and may be declared again as the table has it.
pub fn declarations_c(tables: &Tables) -> String {
    let mut text = HEADERS.to_string();
    for function in &tables.functions {
        let name = &function.name;
        // Without an earlier declaration the first of these lines is an error.
        let _ = writeln!(text, "extern const __typeof__(&{name}) declared_{name};");
        let _ = writeln!(text, "extern {} {name}({});", function.result, function.parameters);
    }
    for callback in &tables.callbacks {
        let _ = writeln!(text, "typedef {} {}({});", callback.result, callback.name, callback.parameters);
    }
    text
}

/// C++: the address of each function is of the type that the table has.
pub fn declarations_cpp(tables: &Tables) -> String {
    let mut text = HEADERS.to_string();
    for function in &tables.functions {
        let (name, result) = (&function.name, function.result.replace("_Bool", "bool"));
        let parameters = function.parameters.replace("_Bool", "bool");
        let _ = writeln!(text, "{result} (*const typed_{name})({parameters}) = &{name};");
    }
    text
}

/// C: sizes and offsets of structs, values of options, constants.
pub fn layout(tables: &Tables) -> String {
    let mut text = format!("{HEADERS}#include <stddef.h>\n");
    let mut claim = |what: &str, value: &str| {
        let _ = writeln!(text, "_Static_assert({what} == {value}, \"{what}\");");
    };
    let mut before = String::from("0");
    for (index, field) in tables.fields.iter().enumerate() {
        let (owner, name) = (&field.owner, &field.name);
        claim(&format!("offsetof({owner}, {name})"), &before);
        // The types are whole words, so nothing is between one field and the next.
        before = format!("{before} + {} * sizeof({})", field.length, field.kind);
        claim(&format!("sizeof((({owner}*)0)->{name})"), &format!("{} * sizeof({})", field.length, field.kind));
        if tables.fields.get(index + 1).is_none_or(|next| next.owner != *owner) {
            claim(&format!("sizeof({owner})"), &before);
            before = "0".into();
        }
    }
    for (name, value) in &tables.options {
        claim(&format!("mi_option_{name}"), &value.to_string());
    }
    let last = tables.options.iter().map(|(_, value)| value + 1).filter(|value| *value <= OWN).max().unwrap_or(0);
    claim("_mi_option_last", &last.to_string());
    claim("sizeof(mi_option_t)", "sizeof(int)");
    claim("sizeof(mi_arena_id_t)", "sizeof(void*)");
    for (what, value) in CONSTANTS {
        claim(what, value);
    }
    text
}
