//! Reads a Rust file: from its text to the facts.
//!
//! syn parses it. The arguments of a macro, which syn leaves as tokens, are parsed as a list of expressions if they are
//! one, and otherwise searched for paths and calls.

use std::collections::HashMap;
use std::mem;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprLet, ExprMethodCall, ExprUnsafe, Fields, GenericArgument, ImplItemFn, Item, ItemConst,
    ItemEnum, ItemExternCrate, ItemFn, ItemForeignMod, ItemImpl, ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait,
    ItemTraitAlias, ItemType, ItemUnion, ItemUse, Local, Macro, Member, Meta, Pat, PatType, PathArguments, ReturnType,
    Signature, Stmt, Token, TraitItemFn, Type, UnOp, UseTree, Visibility,
};

use super::facts::{Call, Condition, Definition, Facts, Field, How, Mention, Names, Place, Struct, Value, is_type};

/// Types that wrap a value. A method that the value lacks is taken for one of the wrapper, and to return the value.
const WRAPPERS: [&str; 13] = [
    "Option",
    "Result",
    "Box",
    "Rc",
    "Arc",
    "Cell",
    "RefCell",
    "UnsafeCell",
    "ManuallyDrop",
    "MaybeUninit",
    "NonNull",
    "AtomicPtr",
    "LazyLock",
];

/// Reads a file; `test` says that all of it is compiled for tests only.
pub fn read(text: &str, test: bool) -> syn::Result<Facts> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader { test, ..Reader::default() };
    reader.under(&file.attrs, |reader| reader.visit_file(&file));
    Ok(reader.facts)
}

#[derive(Default)]
struct Reader {
    facts: Facts,
    /// What is being read is compiled for tests only.
    test: bool,
    /// The modules in braces around it.
    within: Names,
    /// What `Self` is.
    this: Option<Names>,
    /// The type or trait whose methods are being defined; none in an implementation of a trait.
    owner: Option<Names>,
    /// The variables of the function.
    locals: HashMap<String, Value>,
}

impl Reader {
    fn place(&self, word: &Ident) -> Place {
        Place { line: line(word), test: self.test, within: self.within.clone() }
    }

    /// Reads something that has these attributes.
    fn under(&mut self, attributes: &[Attribute], read: impl FnOnce(&mut Self)) {
        let outer = self.test;
        self.test |= attributes.iter().any(|attribute| is_for_tests(&attribute.meta));
        read(self);
        self.test = outer;
    }

    /// Reads a function, which does not see the variables around it.
    fn apart(&mut self, read: impl FnOnce(&mut Self)) {
        let outer = mem::take(&mut self.locals);
        read(self);
        self.locals = outer;
    }

    /// Reads an `impl` or a trait.
    fn of(&mut self, this: Option<Names>, owner: Option<Names>, read: impl FnOnce(&mut Self)) {
        let outer = (mem::replace(&mut self.this, this), mem::replace(&mut self.owner, owner));
        read(self);
        (self.this, self.owner) = outer;
    }

    fn names(&self, path: &syn::Path) -> Names {
        let mut names: Names = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if let Some(this) = self.this.as_ref().filter(|_| names[0] == "Self") {
            names.splice(..1, this.iter().cloned());
        }
        names
    }

    fn mention(&mut self, names: Names, how: How, word: &Ident) {
        let place = self.place(word);
        self.facts.mentions.push(Mention { names, how, place });
    }

    fn call(&mut self, on: Value, name: &Ident) {
        let place = self.place(name);
        self.facts.calls.push(Call { on, name: name.to_string(), place });
    }

    fn define(&mut self, of: Option<Names>, name: &Ident, gives: Value) {
        let place = self.place(name);
        self.facts.definitions.push(Definition { of, name: name.to_string(), gives, place });
    }

    fn function(&mut self, of: Option<Names>, signature: &Signature) {
        let gives = match &signature.output {
            ReturnType::Default => Value::Unknown,
            ReturnType::Type(_, ty) => self.inside(ty),
        };
        self.define(of, &signature.ident, gives);
    }

    fn import(&mut self, tree: &UseTree, mut names: Names, reexported: bool) {
        let (word, name) = match tree {
            UseTree::Path(path) => {
                names.push(path.ident.to_string());
                return self.import(&path.tree, names, reexported);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, names.clone(), reexported));
            }
            UseTree::Glob(glob) => (Ident::new("all", glob.star_token.spans[0]), "*".to_string()),
            UseTree::Name(name) => (name.ident.clone(), name.ident.to_string()),
            UseTree::Rename(rename) => (rename.ident.clone(), rename.rename.to_string()),
        };
        if matches!(tree, UseTree::Glob(_)) {
            names.push(name.clone());
        } else if word != "self" {
            names.push(word.to_string());
        }
        let name = if name == "self" { names.last().cloned().unwrap_or_default() } else { name };
        self.mention(names, How::Import { name, reexported }, &word);
    }

    /// The type of a value, without references, pointers and wrappers.
    fn inside(&self, ty: &Type) -> Value {
        match ty {
            Type::Reference(ty) => self.inside(&ty.elem),
            Type::Ptr(ty) => self.inside(&ty.elem),
            Type::Slice(ty) => self.inside(&ty.elem),
            Type::Array(ty) => self.inside(&ty.elem),
            Type::Paren(ty) => self.inside(&ty.elem),
            Type::Path(ty) => {
                let wrapped = ty.path.segments.last().filter(|last| WRAPPERS.iter().any(|name| last.ident == name));
                let PathArguments::AngleBracketed(arguments) = wrapped.map_or(&PathArguments::None, |w| &w.arguments)
                else {
                    return Value::Type(self.names(&ty.path));
                };
                let inner = arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(self.inside(ty)),
                    _ => None,
                });
                inner.unwrap_or(Value::Unknown)
            }
            _ => Value::Unknown,
        }
    }

    /// The type itself, or that of an array's elements.
    fn itself(&self, ty: &Type) -> Option<Names> {
        match ty {
            Type::Array(ty) => self.itself(&ty.elem),
            Type::Paren(ty) => self.itself(&ty.elem),
            Type::Path(ty) => Some(self.names(&ty.path)),
            _ => None,
        }
    }

    /// What an expression comes to.
    fn value(&self, expr: &Expr) -> Value {
        match expr {
            Expr::Path(expr) if expr.qself.is_none() => {
                let names = self.names(&expr.path);
                let local = if names.len() == 1 { self.locals.get(&names[0]) } else { None };
                match (local, &self.this) {
                    (Some(value), _) => value.clone(),
                    (None, Some(this)) if names[0] == "self" && names.len() == 1 => Value::Type(this.clone()),
                    _ => Value::Named(names),
                }
            }
            Expr::Field(expr) => Value::Field(Box::new(self.value(&expr.base)), member(&expr.member)),
            Expr::MethodCall(expr) => Value::Returned(Box::new(self.value(&expr.receiver)), expr.method.to_string()),
            Expr::Call(expr) => match expr.func.as_ref() {
                Expr::Path(function) => self.result(self.names(&function.path)),
                _ => Value::Unknown,
            },
            Expr::Struct(expr) => Value::Type(self.names(&expr.path)),
            Expr::Cast(expr) => self.inside(&expr.ty),
            Expr::Paren(expr) => self.value(&expr.expr),
            Expr::Reference(expr) => self.value(&expr.expr),
            Expr::RawAddr(expr) => self.value(&expr.expr),
            Expr::Try(expr) => self.value(&expr.expr),
            Expr::Index(expr) => self.value(&expr.expr),
            Expr::Unary(expr) if matches!(expr.op, UnOp::Deref(_)) => self.value(&expr.expr),
            Expr::Unsafe(expr) => self.last(&expr.block),
            Expr::Block(expr) => self.last(&expr.block),
            _ => Value::Unknown,
        }
    }

    fn last(&self, block: &Block) -> Value {
        match block.stmts.last() {
            Some(Stmt::Expr(expr, None)) => self.value(expr),
            _ => Value::Unknown,
        }
    }

    /// What a call of that path comes to.
    fn result(&self, mut names: Names) -> Value {
        match names.as_slice() {
            [.., name] if is_type(name) => Value::Type(names),
            [.., of, _] if is_type(of) => {
                let name = names.pop().unwrap_or_default();
                Value::Returned(Box::new(Value::Type(names)), name)
            }
            _ => Value::Named(names),
        }
    }

    /// The variables of a pattern for such a value.
    fn bind(&mut self, pattern: &Pat, value: Value) {
        match pattern {
            Pat::Ident(pattern) => {
                self.locals.insert(pattern.ident.to_string(), value);
                if let Some((_, inner)) = &pattern.subpat {
                    self.visit_pat(inner);
                }
            }
            Pat::Type(pattern) => self.visit_pat_type(pattern),
            Pat::Reference(pattern) => self.bind(&pattern.pat, value),
            Pat::TupleStruct(some) if some.path.is_ident("Some") || some.path.is_ident("Ok") => {
                some.elems.iter().for_each(|inner| self.bind(inner, value.clone()));
            }
            other => visit::visit_pat(self, other),
        }
    }

    /// Notes what a `cfg` looks at, if that is the platform.
    fn condition(&mut self, tokens: &TokenStream, word: &Ident) {
        if let Some(found) = platform_word(tokens) {
            let place = self.place(word);
            self.facts.conditions.push(Condition { word: found, place });
        }
    }

    /// Searches tokens for paths and calls.
    fn scan(&mut self, tokens: &TokenStream) {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut rest = trees.as_slice();
        while let [tree, after @ ..] = rest {
            rest = after;
            match tree {
                TokenTree::Group(group) => self.scan(&group.stream()),
                TokenTree::Ident(word) => rest = self.scan_path(word, after),
                TokenTree::Punct(dot) if dot.as_char() == '.' => {
                    if let [TokenTree::Ident(name), TokenTree::Group(group), ..] = after
                        && group.delimiter() == Delimiter::Parenthesis
                    {
                        self.call(Value::Unknown, name);
                        rest = &after[1..];
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads the path that begins with a word. Returns what follows.
    fn scan_path<'t>(&mut self, word: &Ident, mut rest: &'t [TokenTree]) -> &'t [TokenTree] {
        let mut names = vec![word.to_string()];
        while let [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(name), after @ ..] = rest
            && (a.as_char(), b.as_char()) == (':', ':')
        {
            names.push(name.to_string());
            rest = after;
        }
        let bang = matches!(rest, [TokenTree::Punct(bang), TokenTree::Group(_), ..] if bang.as_char() == '!');
        match (word.to_string().as_str(), &rest[usize::from(bang)..]) {
            ("cfg" | "cfg_attr", [TokenTree::Group(group), ..]) => self.condition(&group.stream(), word),
            ("fn", [TokenTree::Ident(name), ..]) => self.define(Some(Names::new()), name, Value::Unknown),
            ("unsafe", [TokenTree::Group(_), ..]) => self.facts.unsafe_blocks += 1,
            _ => {}
        }
        self.mention(names, if bang { How::Macro } else { How::Path }, word);
        rest
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        self.under(attributes(item), |reader| visit::visit_item(reader, item));
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, Names::new(), is_public(&item.vis));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() {
            self.within.push(item.ident.to_string());
            self.facts.modules.push(self.within.clone());
            visit::visit_item_mod(self, item);
            self.within.pop();
        } else {
            item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let this = self.itself(&item.self_ty);
        let owner = this.clone().filter(|_| item.trait_.is_none());
        self.of(this, owner, |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.facts.types.push(item.ident.to_string());
        let this = Some(vec![item.ident.to_string()]);
        self.of(this.clone(), this, |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.under(&item.attrs, |reader| {
            if let Some(owner) = reader.owner.clone() {
                reader.function(Some(owner), &item.sig);
            }
            reader.apart(|reader| visit::visit_impl_item_fn(reader, item));
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.under(&item.attrs, |reader| {
            reader.function(reader.owner.clone(), &item.sig);
            reader.apart(|reader| visit::visit_trait_item_fn(reader, item));
        });
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(None, &item.sig);
        self.apart(|reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.define(None, &item.ident, self.inside(&item.ty));
        visit::visit_item_static(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.define(None, &item.ident, self.inside(&item.ty));
        visit::visit_item_const(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.facts.types.push(item.ident.to_string());
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast ItemUnion) {
        self.facts.types.push(item.ident.to_string());
        visit::visit_item_union(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.facts.types.push(item.ident.to_string());
        visit::visit_item_type(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.facts.types.push(item.ident.to_string());
        let field = |(at, field): (usize, &syn::Field)| {
            let word = field.ident.as_ref().unwrap_or(&item.ident);
            Field {
                name: field.ident.as_ref().map_or_else(|| at.to_string(), Ident::to_string),
                public: is_public(&field.vis),
                line: line(word),
                itself: self.itself(&field.ty),
                value: self.inside(&field.ty),
            }
        };
        let fields = match &item.fields {
            Fields::Named(fields) => fields.named.iter().enumerate().map(field).collect(),
            Fields::Unnamed(fields) => fields.unnamed.iter().enumerate().map(field).collect(),
            _ => Vec::new(),
        };
        self.facts.structs.push(Struct { name: item.ident.to_string(), fields, place: self.place(&item.ident) });
        visit::visit_item_struct(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        self.facts.macros.extend(item.ident.as_ref().map(line));
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
            self.facts.exported_macros.extend(item.ident.as_ref().map(Ident::to_string));
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let path = attribute.path();
        if let Meta::List(list) = &attribute.meta
            && (path.is_ident("cfg") || path.is_ident("cfg_attr"))
        {
            self.condition(&list.tokens, &path.segments[0].ident);
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let word = &call.path.segments[0].ident;
        self.mention(self.names(&call.path), How::Macro, word);
        if word == "cfg" {
            self.condition(&call.tokens, word);
        }
        self.visit_token_stream(&call.tokens);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        match list.parse2(tokens.clone()) {
            Ok(exprs) => exprs.iter().for_each(|expr| Visit::visit_expr(self, expr)),
            Err(_) => self.scan(tokens),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = self.names(path);
        if names.len() > 1 || !self.locals.contains_key(&names[0]) {
            self.mention(names, How::Path, &path.segments[0].ident);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, expr: &'ast ExprMethodCall) {
        self.call(self.value(&expr.receiver), &expr.method);
        visit::visit_expr_method_call(self, expr);
    }

    fn visit_expr_unsafe(&mut self, expr: &'ast ExprUnsafe) {
        self.facts.unsafe_blocks += 1;
        visit::visit_expr_unsafe(self, expr);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        local.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let mut value = Value::Unknown;
        if let Some(init) = &local.init {
            self.visit_local_init(init);
            value = self.value(&init.expr);
        }
        self.bind(&local.pat, value);
    }

    fn visit_expr_let(&mut self, expr: &'ast ExprLet) {
        self.visit_expr(&expr.expr);
        self.bind(&expr.pat, self.value(&expr.expr));
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        self.bind(pattern, Value::Unknown);
    }

    fn visit_pat_type(&mut self, pattern: &'ast PatType) {
        self.visit_type(&pattern.ty);
        self.bind(&pattern.pat, self.inside(&pattern.ty));
    }
}

fn line(word: &Ident) -> usize {
    word.span().start().line
}

fn member(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// Whether an attribute keeps something from being compiled but for tests.
fn is_for_tests(meta: &Meta) -> bool {
    let Meta::List(cfg) = meta else { return false };
    cfg.path.is_ident("cfg") && cfg.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let all = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            all.is_ok_and(|all| all.iter().any(needs_test))
        }
        _ => false,
    }
}

/// What a condition asks about the platform. The width of pointers is allowed anywhere.
fn platform_word(tokens: &TokenStream) -> Option<String> {
    tokens.clone().into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) => platform_word(&group.stream()),
        TokenTree::Ident(word) => Some(word.to_string()).filter(|word| {
            let target = word.starts_with("target_") && word != "target_pointer_width";
            target || word == "unix" || word == "windows"
        }),
        _ => None,
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(ItemConst { attrs, .. })
        | Item::Enum(ItemEnum { attrs, .. })
        | Item::ExternCrate(ItemExternCrate { attrs, .. })
        | Item::Fn(ItemFn { attrs, .. })
        | Item::ForeignMod(ItemForeignMod { attrs, .. })
        | Item::Impl(ItemImpl { attrs, .. })
        | Item::Macro(ItemMacro { attrs, .. })
        | Item::Mod(ItemMod { attrs, .. })
        | Item::Static(ItemStatic { attrs, .. })
        | Item::Struct(ItemStruct { attrs, .. })
        | Item::Trait(ItemTrait { attrs, .. })
        | Item::TraitAlias(ItemTraitAlias { attrs, .. })
        | Item::Type(ItemType { attrs, .. })
        | Item::Union(ItemUnion { attrs, .. })
        | Item::Use(ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_inside_macros() {
        let text = "macro_rules! m { () => { unsafe { libc::free(x) } } }
            fn f() { assert!(unsafe { g() }, \"{}\", x.h()); unsafe { asm!(\"nop\", in(reg) a::B) } }";
        let facts = read(text, false).unwrap();
        assert_eq!((facts.unsafe_blocks, facts.macros.as_slice()), (3, [1].as_slice()));
        assert_eq!(facts.calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["h"]);
        let paths = facts.mentions.iter().filter(|mention| mention.names.len() > 1);
        let paths: Vec<_> = paths.map(|mention| (mention.names.join("::"), mention.place.line)).collect();
        assert_eq!(paths, [("libc::free".to_string(), 1), ("a::B".to_string(), 2)]);
    }

    #[test]
    fn reads_imports() {
        let facts = read("use a::{self, b::c as d, e::*};\npub(crate) use f;", false).unwrap();
        let import = |mention: Mention| match mention.how {
            How::Import { name, reexported } => (mention.names.join("::"), name, reexported),
            _ => panic!("{mention:?}"),
        };
        let imports: Vec<_> = facts.mentions.into_iter().map(import).collect();
        let import = |path: &str, name: &str, reexported| (path.to_string(), name.to_string(), reexported);
        let all = [import("a", "a", false), import("a::b::c", "d", false), import("a::e::*", "*", false)];
        assert_eq!(imports[..3], all);
        assert_eq!(imports[3], import("f", "f", true));
    }
}
