//! The fields of a struct schema, and how a schema can contain itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytestring::ByteString;

use super::{Field, Schema, SchemaBuilder, SchemaRef, Type};
use crate::error::{ConnectError, exception};

/// From this many fields on a struct schema keeps an index; below, comparing names in place is faster.
const INDEX_FROM: usize = 12;

#[derive(Clone, Default)]
pub(super) struct FieldList {
    fields: Vec<Field>,
    /// Place of each field by name; empty for schemas with few fields, which are searched from the front.
    index: HashMap<ByteString, usize>,
}

impl FieldList {
    fn push(&mut self, name: ByteString, schema: SchemaRef) {
        let index = self.fields.len();
        self.fields.push(Field {
            name,
            index,
            schema,
        });
        if index + 1 == INDEX_FROM {
            let places = self.fields.iter().map(|f| (f.name.clone(), f.index));
            self.index = places.collect();
        } else if index + 1 > INDEX_FROM {
            self.index.insert(self.fields[index].name.clone(), index);
        }
    }

    fn find(&self, name: &str) -> Option<&Field> {
        if self.index.is_empty() {
            return self.fields.iter().find(|f| f.name == name);
        }
        self.index.get(name).map(|&i| &self.fields[i])
    }
}

type SharedList = Arc<OnceLock<FieldList>>;

/// Where a schema has its fields: in itself, or in a list that it shares with schemas inside that list.
#[derive(Clone)]
pub(super) enum Fields {
    Own(FieldList),
    Shared(SharedList),
}

impl Default for Fields {
    fn default() -> Self {
        Fields::Own(FieldList::default())
    }
}

impl Fields {
    pub fn list(&self) -> &[Field] {
        match self {
            Fields::Own(list) => &list.fields,
            Fields::Shared(list) => list.get().map_or(&[], |list| &list.fields),
        }
    }

    pub fn find(&self, name: &str) -> Option<&Field> {
        match self {
            Fields::Own(list) => list.find(name),
            Fields::Shared(list) => list.get()?.find(name),
        }
    }

    /// Appends a field. What was shared is copied first: the schemas inside keep the list that they know.
    pub fn push(&mut self, name: ByteString, schema: SchemaRef) {
        if let Fields::Shared(list) = self {
            *self = Fields::Own(list.get().cloned().unwrap_or_default());
        }
        if let Fields::Own(list) = self {
            list.push(name, schema);
        }
    }

    fn address(&self) -> Option<usize> {
        match self {
            Fields::Own(_) => None,
            Fields::Shared(list) => Some(Arc::as_ptr(list) as usize),
        }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Fields::Shared(a), Fields::Shared(b)) if Arc::ptr_eq(a, b) => true,
            (Fields::Own(a), Fields::Own(b)) => a.fields == b.fields,
            // One of the two may lead back to this very pair.
            _ => equal_unless_known(self, other, || self.list() == other.list()),
        }
    }
}

thread_local! {
    /// Pairs of lists that the comparisons under way on this thread take as equal until they find a difference.
    static TAKEN_AS_EQUAL: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

/// Compares two lists of which at least one is shared, each pair once: a pair met again while it is compared is equal if
/// nothing else differs. It stands in a thread's own list instead of a parameter because the way leads through `==` of
/// values too, when a default is a struct.
fn equal_unless_known(a: &Fields, b: &Fields, compare: impl FnOnce() -> bool) -> bool {
    let place = |fields: &Fields| match fields.address() {
        Some(address) => address,
        None => std::ptr::from_ref(fields) as usize,
    };
    let pair = (place(a), place(b));
    let taken = TAKEN_AS_EQUAL.with_borrow_mut(|pairs| {
        if pairs.contains(&pair) {
            return None;
        }
        pairs.push(pair);
        Some(pairs.len() - 1)
    });
    let Some(start) = taken else {
        return true;
    };
    let equal = compare();
    TAKEN_AS_EQUAL.with_borrow_mut(|pairs| {
        // What was found equal on the strength of a pair that is not falls with it. The first pair ends the comparison.
        if !equal || start == 0 {
            pairs.truncate(start);
        }
    });
    equal
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fields::Own(list) => list.fields.fmt(f),
            // Names and types only, or it would never end.
            Fields::Shared(_) => f
                .debug_map()
                .entries(self.list().iter().map(|field| {
                    let type_ = format_args!("{}", field.schema).to_string();
                    (field.name.to_string(), type_)
                }))
                .finish(),
        }
    }
}

/// A struct schema that contains itself, such as a list whose nodes have a node as field.
///
/// [`reference`](Self::reference) gives schemas to put inside before the fields are known; [`complete`](Self::complete)
/// adds those, once. References have their own attributes (a nested one is usually optional) and share the fields.
///
/// ```
/// # use connect_api::data::{RecursiveStruct, SchemaBuilder, Type, required};
/// # fn main() -> Result<(), connect_api::ConnectError> {
/// let node = RecursiveStruct::new();
/// let next = node.reference().name("Node").optional(true).build()?;
/// let schema = node.complete(
///     SchemaBuilder::structure()
///         .name("Node")
///         .field("value", required(Type::Int32))
///         .field("next", next),
/// )?;
/// let inner = schema.field("next").map(|field| field.schema.fields().len());
/// assert_eq!(inner, Some(2));
/// # Ok(())
/// # }
/// ```
///
/// A reference whose struct is not completed has no fields. Schemas of several structs that contain each other may be
/// built before all of them are complete, but give none away before.
///
/// **Memory.** Such a schema holds itself and is never freed: records anywhere may still use any part of it, so nobody
/// can tell when to take it apart. Whoever makes them must therefore make each once (a converter keeps what it read of
/// a registry, so a process holds at most one per schema and task).
#[derive(Default)]
pub struct RecursiveStruct {
    fields: SharedList,
}

impl RecursiveStruct {
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder of a struct schema with the fields to come; give it the attributes of the place where it stands. A field
    /// that is added to it parts it from the others.
    pub fn reference(&self) -> SchemaBuilder {
        let mut builder = SchemaBuilder::structure();
        builder.schema.fields = Fields::Shared(self.fields.clone());
        builder
    }

    /// Whether anybody took a reference that still exists.
    pub fn is_referred_to(&self) -> bool {
        Arc::strong_count(&self.fields) > 1
    }

    /// The finished schema, whose fields become those of the references.
    ///
    /// Without references it is an ordinary schema, which is freed as any other.
    ///
    /// # Errors
    /// A `SchemaBuilderException`: the first mistake made with the builder, or that it is not the builder of a struct
    /// with fields of its own.
    pub fn complete(self, builder: SchemaBuilder) -> Result<SchemaRef, ConnectError> {
        let mut schema = builder.into_schema()?;
        if !self.is_referred_to() {
            return Ok(Arc::new(schema));
        }
        let fields = match std::mem::take(&mut schema.fields) {
            Fields::Own(list) if schema.type_ == Type::Struct => list,
            _ => {
                return Err(ConnectError::record(
                    exception::SCHEMA_BUILDER,
                    format!("{schema} cannot be completed: it is no struct with fields of its own"),
                ));
            }
        };
        // `self` is consumed and nobody else has the right to set it, so it is empty.
        let _ = self.fields.set(fields);
        schema.fields = Fields::Shared(self.fields);
        Ok(Arc::new(schema))
    }
}

impl fmt::Debug for RecursiveStruct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecursiveStruct").finish_non_exhaustive()
    }
}

impl Schema {
    /// Whether both are parts of one recursive schema, with the same fields. What walks a schema has come full circle when
    /// this is true of a schema and one around it.
    pub fn shares_fields_with(&self, other: &Schema) -> bool {
        self.fields.address().is_some() && self.fields.address() == other.fields.address()
    }

    /// The part of this schema that contains itself, if there is one.
    pub fn recursive_part(&self) -> Option<&Schema> {
        fn search<'a>(
            schema: &'a Schema,
            open: &mut Vec<usize>,
            closed: &mut Vec<usize>,
        ) -> Option<&'a Schema> {
            let address = schema.fields.address();
            if let Some(address) = address {
                if open.contains(&address) {
                    return Some(schema);
                }
                if closed.contains(&address) {
                    return None;
                }
                open.push(address);
            }
            let parts = [schema.key_schema(), schema.value_schema()];
            let parts = parts.into_iter().flatten();
            let parts = parts.chain(schema.fields().iter().map(|field| &field.schema));
            for part in parts {
                if let Some(found) = search(part, open, closed) {
                    return Some(found);
                }
            }
            if address.is_some() {
                closed.extend(open.pop());
            }
            None
        }
        search(self, &mut Vec::new(), &mut Vec::new())
    }

    /// For what walks a schema to its leaves; `purpose` completes "… does not support recursive schemas".
    ///
    /// # Errors
    /// A `DataException` that names the recursive part. The JVM ends in a `StackOverflowError` in such places.
    pub fn require_finite(&self, purpose: &str) -> Result<(), ConnectError> {
        match self.recursive_part() {
            None => Ok(()),
            Some(part) => Err(ConnectError::data(format!(
                "{purpose} does not support recursive schemas, and {part} contains itself"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Struct, Value, required, validate_value};

    /// A node with a value and the next node; `at_end` is the type of the value.
    fn list(at_end: Type) -> SchemaRef {
        let node = RecursiveStruct::new();
        let next = node
            .reference()
            .name("Node")
            .optional(true)
            .build()
            .unwrap();
        let builder = SchemaBuilder::structure()
            .name("Node")
            .field("next", next)
            .field("value", required(at_end));
        node.complete(builder).unwrap()
    }

    /// Two structs that contain each other, in an array and directly.
    fn mutual(name: &str) -> SchemaRef {
        let a = RecursiveStruct::new();
        let b = RecursiveStruct::new();
        let to_a = a.reference().optional(true).build().unwrap();
        let to_b = b.reference().build().unwrap();
        let to_b = SchemaBuilder::array(to_b).build().unwrap();
        let b = b
            .complete(
                SchemaBuilder::structure()
                    .field("a", to_a)
                    .field("own", to_b.clone()),
            )
            .unwrap();
        let builder = SchemaBuilder::structure().field("b", b).field(name, to_b);
        a.complete(builder).unwrap()
    }

    #[test]
    fn a_struct_holds_itself_at_any_depth() {
        let schema = list(Type::Int32);
        let next = &schema.field("next").unwrap().schema;
        assert!(next.is_optional() && !schema.is_optional());
        assert_eq!(next.field("next").unwrap().schema, *next);
        assert_ne!(*next, schema, "one is optional");
        assert!(next.shares_fields_with(&schema));
        assert!(!schema.shares_fields_with(&list(Type::Int32)));

        let mut end = Struct::new(next.clone()).unwrap();
        end.put("value", Value::Int32(2)).unwrap();
        let mut start = Struct::new(schema.clone()).unwrap();
        start.put("value", Value::Int32(1)).unwrap();
        start.put("next", Value::Struct(end)).unwrap();
        assert!(start.validate().is_ok());
        let wrong = Struct::new(list(Type::Int8)).unwrap();
        assert!(validate_value(None, &schema, &Value::Struct(wrong)).is_err());
    }

    #[test]
    fn equality_ends_and_sees_every_difference() {
        assert_eq!(list(Type::Int32), list(Type::Int32));
        assert_ne!(list(Type::Int32), list(Type::Int64));
        assert_eq!(mutual("x"), mutual("x"));
        assert_ne!(mutual("x"), mutual("y"));
        assert!(TAKEN_AS_EQUAL.with_borrow(Vec::is_empty));

        // Recursive against one that only looks like it on the first level.
        let empty = SchemaBuilder::structure().name("Node").optional(true);
        let flat = SchemaBuilder::structure()
            .name("Node")
            .field("next", empty.build().unwrap())
            .field("value", required(Type::Int32));
        assert_ne!(list(Type::Int32), flat.build().unwrap());
    }

    /// A pair that was taken as equal inside a comparison that fails is not taken as equal afterwards.
    #[test]
    fn a_difference_takes_back_what_hung_on_it() {
        let of = |type_| Value::Struct(Struct::new(list(type_)).unwrap());
        let map = |key: Value| Value::Map([(key, Value::Null)].into_iter().collect());
        assert_ne!(map(of(Type::Int32)), map(of(Type::Int64)));
        let (a, b) = (list(Type::Int32), list(Type::Int64));
        for _ in 0..2 {
            assert_ne!(a, b);
        }
    }

    #[test]
    fn a_default_may_be_of_the_schema_itself() {
        let with_default = |value: i32| {
            let node = RecursiveStruct::new();
            let plain = node.reference().optional(true).build().unwrap();
            let default = Struct::new(plain).unwrap();
            let next = node.reference().optional(true);
            let next = next.default(Value::Struct(default)).build().unwrap();
            let value = SchemaBuilder::new(Type::Int32).default(Value::Int32(value));
            let builder = SchemaBuilder::structure()
                .field("next", next)
                .field("value", value.build().unwrap());
            node.complete(builder).unwrap()
        };
        assert_eq!(with_default(1), with_default(1));
        assert_ne!(with_default(1), with_default(2));
        assert!(format!("{:?}", with_default(1)).len() < 2000);
    }

    #[test]
    fn printing_ends() {
        let text = format!("{:?}", mutual("x"));
        assert!(text.len() < 2000, "{text}");
        assert!(text.contains(r#""b": "Schema{STRUCT}""#), "{text}");
        assert_eq!(list(Type::Int8).to_string(), "Schema{Node:STRUCT}");
    }

    #[test]
    fn a_copy_with_more_fields_leaves_the_original_alone() {
        let schema = list(Type::Int32);
        let wider = SchemaBuilder::like(&schema)
            .field("more", required(Type::Int8))
            .build()
            .unwrap();
        assert_eq!(wider.fields().len(), 3);
        assert_eq!(schema.fields().len(), 2);
        assert_eq!(wider.field("next").unwrap().schema.fields().len(), 2);
        let renamed = SchemaBuilder::like(&schema).name("Other").build().unwrap();
        assert_eq!(renamed.fields(), schema.fields());
    }

    #[test]
    fn what_needs_an_end_says_that_there_is_none() {
        let error = mutual("x").require_finite("Drawing").unwrap_err();
        assert_eq!(
            error.message(),
            Some("Drawing does not support recursive schemas, and Schema{STRUCT} contains itself")
        );
        let outer = SchemaBuilder::array(list(Type::Int8)).build().unwrap();
        assert_eq!(outer.recursive_part().and_then(Schema::name), Some("Node"));
        assert!(required(Type::Int8).require_finite("Drawing").is_ok());
    }

    #[test]
    fn only_a_struct_with_fields_of_its_own_completes() {
        let node = RecursiveStruct::new();
        let _held = node.reference().build().unwrap();
        assert!(node.complete(SchemaBuilder::new(Type::Int8)).is_err());
        let node = RecursiveStruct::new();
        let itself = node.reference();
        assert!(node.complete(itself).is_err());
        let node = RecursiveStruct::new();
        assert!(!node.is_referred_to());
        let plain = node.complete(SchemaBuilder::structure().field("a", required(Type::Int8)));
        assert!(plain.unwrap().recursive_part().is_none());
    }
}
