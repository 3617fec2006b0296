//! What the rules have to know of a Rust file: what it names, what it calls and what it defines.

/// The parts of a path: `crate::page::Page` has three.
pub type Names = Vec<String>;

/// Where something stands in a file.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// It is compiled for tests only.
    pub test: bool,
    /// The modules in braces that it is in.
    pub within: Names,
}

/// A path in the text.
#[derive(Debug)]
pub struct Mention {
    /// With the type's name for `Self`, and with `*` at the end of a glob.
    pub names: Names,
    /// What kind of mention it is.
    pub how: How,
    /// Where it is.
    pub place: Place,
}

/// The kinds of mentions.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    /// A `use`: the name that the module then has for it, and whether others may use that name (`pub use`).
    Import { name: String, reexported: bool },
    /// A path in a type, a pattern or an expression.
    Path,
    /// The name of a macro that is called.
    Macro,
}

/// What the text tells about a value's type.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Unknown,
    /// It is of this type, behind references, pointers and wrappers such as `Option`.
    Type(Names),
    /// It is what this static or constant holds, or what this function returns.
    Named(Names),
    /// A field of another value.
    Field(Box<Value>, String),
    /// What a method of another value returns.
    Returned(Box<Value>, String),
}

/// A call of a method.
#[derive(Debug)]
pub struct Call {
    /// What it is called on.
    pub on: Value,
    /// The method.
    pub name: String,
    /// Where it is.
    pub place: Place,
}

/// A function, a method, a static or a constant.
#[derive(Debug)]
pub struct Definition {
    /// The type or the trait that has the method. Empty for a function in the body of a macro, which may be a method of
    /// any type.
    pub of: Option<Names>,
    /// Its name.
    pub name: String,
    /// What it holds or returns.
    pub gives: Value,
    /// Where it is.
    pub place: Place,
}

/// A struct.
#[derive(Debug)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Its fields; those of a tuple struct are named by their numbers.
    pub fields: Vec<Field>,
    /// Where it is.
    pub place: Place,
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Others than the module may touch it.
    pub public: bool,
    /// From 1.
    pub line: usize,
    /// The field's type itself, or that of an array's elements; none behind a pointer or a reference.
    pub itself: Option<Names>,
    /// What a value of the field is.
    pub value: Value,
}

/// A `cfg` about the platform.
#[derive(Debug)]
pub struct Condition {
    /// What it looks at.
    pub word: String,
    /// Where it is.
    pub place: Place,
}

/// All that a file says.
#[derive(Debug, Default)]
pub struct Facts {
    /// Modules in braces.
    pub modules: Vec<Names>,
    /// Paths.
    pub mentions: Vec<Mention>,
    /// Calls of methods.
    pub calls: Vec<Call>,
    /// Functions, methods, statics and constants.
    pub definitions: Vec<Definition>,
    /// Structs.
    pub structs: Vec<Struct>,
    /// Names of types and traits of any kind.
    pub types: Vec<String>,
    /// Conditions about the platform.
    pub conditions: Vec<Condition>,
    /// The lines of `macro_rules!`.
    pub macros: Vec<usize>,
    /// Names of macros that the crate's root has, too (`#[macro_export]`).
    pub exported_macros: Vec<String>,
    /// How many blocks are unsafe.
    pub unsafe_blocks: usize,
}

/// Is that how a type, a trait or a variant is named?
pub fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}
