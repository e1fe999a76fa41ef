//! [`compile`]: the schema of what was written and the one to read it as, to a plan.
//!
//! Nearly always the two are one. If they are not, Avro's rules of resolution apply: fields by name, promotions, defaults
//! of the reader, members of unions that fit.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::data::{
    DATE, DECIMAL, DECIMAL_SCALE, Schema, SchemaRef, TIME, TIMESTAMP, Type, Value,
};

use super::config::Settings;
use super::defaults;
use super::model::{Field, Kind as Avro, Model, Name, Node, NodeId};
use super::names::{KEY, VALUE};
use super::plan::{Binary, Kind, Layout, Member, Number, Reader, Record, Root, Skip, Step, Symbol};

/// What the JVM throws if the one cannot be read as the other.
const TYPE_EXCEPTION: &str = "org.apache.avro.AvroTypeException";

/// A plan for payloads; `schema` is the Connect schema of the reader's root.
///
/// # Errors
/// A record's fault: the one cannot be read as the other, or a logical type is none.
pub(super) fn compile(
    writer: &Model,
    reader: &Model,
    settings: &Settings,
    schema: &SchemaRef,
) -> Result<Reader, ConnectError> {
    let mut compiler = Compiler::new(writer, reader, settings);
    let root = match (writer.kind(writer.root), reader.kind(reader.root)) {
        (Avro::Bytes, Avro::Bytes) => Root::Raw(binary(schema)?),
        (Avro::Bytes, Avro::String) => Root::Raw(Binary::String),
        _ => Root::Value(compiler.kind(writer.root, reader.root, schema)?),
    };
    Ok(compiler.finish(root, schema))
}

/// A plan for one node of a schema, written and read alike.
///
/// # Errors
/// As of [`compile`].
pub(super) fn compile_part(
    model: &Model,
    settings: &Settings,
    id: NodeId,
    schema: &SchemaRef,
) -> Result<Reader, ConnectError> {
    let mut compiler = Compiler::new(model, model, settings);
    let root = Root::Value(compiler.kind(id, id, schema)?);
    Ok(compiler.finish(root, schema))
}

struct Compiler<'a> {
    writer: &'a Model,
    reader: &'a Model,
    settings: &'a Settings,
    /// None while its fields are compiled.
    records: Vec<Option<Record>>,
    /// By both nodes and the address of the Connect schema.
    known: HashMap<(NodeId, NodeId, *const Schema), usize>,
    skipped: Vec<Vec<Skip>>,
    known_skipped: HashMap<NodeId, usize>,
}

type Compiled<T> = Result<T, ConnectError>;

/// A field of the reader and where its value goes.
struct Target<'a> {
    field: &'a Field,
    schema: &'a SchemaRef,
}

impl<'a> Compiler<'a> {
    fn new(writer: &'a Model, reader: &'a Model, settings: &'a Settings) -> Self {
        Self {
            writer,
            reader,
            settings,
            records: Vec::new(),
            known: HashMap::new(),
            skipped: Vec::new(),
            known_skipped: HashMap::new(),
        }
    }

    fn finish(self, root: Root, schema: &SchemaRef) -> Reader {
        Reader {
            schema: Some(schema.clone()),
            root,
            records: self.records.into_iter().flatten().collect(),
            skipped: self.skipped,
        }
    }

    fn kind(&mut self, w: NodeId, r: NodeId, schema: &SchemaRef) -> Compiled<Kind> {
        let writer = self.writer;
        let Avro::Union(members) = writer.kind(w) else {
            return self.against(w, r, schema);
        };
        let mut kinds = Vec::with_capacity(members.len());
        for &member in members {
            // Only a record that has this member cannot be read.
            let kind = self.against(member, r, schema);
            kinds.push(kind.unwrap_or_else(|error| Kind::Unreadable(Box::new(error))));
        }
        let null = kinds.iter().position(|kind| matches!(kind, Kind::Null));
        match (null, <[Kind; 2]>::try_from(kinds)) {
            (Some(null), Ok([first, second])) => Ok(Kind::Optional {
                null,
                kind: Box::new(if null == 0 { second } else { first }),
            }),
            (_, Ok(pair)) => Ok(Kind::Union(pair.into())),
            (_, Err(kinds)) => Ok(Kind::Union(kinds.into())),
        }
    }

    /// What is no union on the writer's side.
    fn against(&mut self, w: NodeId, r: NodeId, schema: &SchemaRef) -> Compiled<Kind> {
        let reader = self.reader;
        let Avro::Union(members) = reader.kind(r) else {
            return self.plain(w, r, schema);
        };
        let Some(place) = self.matching(w, members, schema) else {
            return Err(self.mismatch(w, r));
        };
        let member = members[place];
        if reader.kind(member).is_null() {
            return Ok(Kind::Null);
        }
        if reader.flattened(members, self.settings).is_some() {
            return self.plain(w, member, schema);
        }
        let slot = self.slot(members, place);
        let inner = &schema.fields()[slot].schema;
        Ok(Kind::Member(Box::new(Member {
            schema: schema.clone(),
            slot,
            kind: self.plain(w, member, inner)?,
        })))
    }

    /// The field of a union's struct; null has none.
    fn slot(&self, members: &[NodeId], place: usize) -> usize {
        let before = members[..place].iter();
        before.filter(|&&m| !self.reader.kind(m).is_null()).count()
    }

    /// The member of the reader's union that what was written is read as: the same type, for a record also one of the same
    /// shape, or else the first that it can be promoted to.
    fn matching(&mut self, w: NodeId, members: &[NodeId], schema: &SchemaRef) -> Option<usize> {
        let written = &self.writer.nodes[w];
        let node = |member: &NodeId| &self.reader.nodes[*member];
        let same = members.iter().position(|m| is_same(written, node(m)));
        if same.is_some() {
            return same;
        }
        if let (Avro::Record(_), Some(name)) = (&written.kind, &written.name) {
            let of_name =
                |m: &NodeId| node(m).name.as_ref().map(|n| &n.simple) == Some(&name.simple);
            let records = (0..members.len())
                .filter(|&place| matches!(self.reader.kind(members[place]), Avro::Record(_)));
            let mut records: Vec<usize> = records.collect();
            records.sort_by_key(|&place| !of_name(&members[place]));
            return records
                .into_iter()
                .find(|&place| self.has_shape(w, members, place, schema));
        }
        let promoted = |m: &NodeId| is_promotion(&written.kind, &node(m).kind);
        members.iter().position(promoted)
    }

    fn has_shape(
        &mut self,
        w: NodeId,
        members: &[NodeId],
        place: usize,
        schema: &SchemaRef,
    ) -> bool {
        let schema = match self.reader.flattened(members, self.settings) {
            Some(_) => schema.clone(),
            None => schema.fields()[self.slot(members, place)].schema.clone(),
        };
        self.plain(w, members[place], &schema).is_ok()
    }

    /// No unions here.
    fn plain(&mut self, w: NodeId, r: NodeId, schema: &SchemaRef) -> Compiled<Kind> {
        let (writer, reader) = (self.writer, self.reader);
        let (written, read) = (&writer.nodes[w], &reader.nodes[r]);
        Ok(match (&written.kind, &read.kind) {
            (Avro::Null, Avro::Null) => Kind::Null,
            (Avro::Boolean, Avro::Boolean) => Kind::Boolean,
            (Avro::Int, Avro::Int | Avro::Long | Avro::Float | Avro::Double) => {
                Kind::Int(number(schema)?)
            }
            (Avro::Long, Avro::Long | Avro::Float | Avro::Double) => Kind::Long(number(schema)?),
            (Avro::Float, Avro::Float | Avro::Double) => Kind::Float(number(schema)?),
            (Avro::Double, Avro::Double) => {
                number(schema)?;
                Kind::Double
            }
            (Avro::String, Avro::String) => {
                no_logical_type(schema, "java.lang.String")?;
                Kind::String
            }
            (Avro::Bytes, Avro::String) => Kind::Bytes(Binary::String),
            (Avro::Bytes | Avro::String, Avro::Bytes) => Kind::Bytes(binary(schema)?),
            (Avro::Fixed(a), Avro::Fixed(b)) if a == b && has_name(written, read) => {
                Kind::Fixed(*a, binary(schema)?)
            }
            (Avro::Enum { symbols, .. }, Avro::Enum { .. }) if has_name(written, read) => {
                Kind::Enum(symbols.iter().map(|s| symbol(s, read)).collect())
            }
            (Avro::Array(items), Avro::Array(read_items)) => {
                self.array(*items, *read_items, schema)?
            }
            (Avro::Map(values), Avro::Map(read_values)) => {
                let inner = part(schema.value_schema())?;
                Kind::Map(Box::new(self.kind(*values, *read_values, inner)?))
            }
            (Avro::Record(_), Avro::Record(_)) => Kind::Record(self.record(w, r, schema)?),
            _ => return Err(self.mismatch(w, r)),
        })
    }

    fn array(&mut self, w: NodeId, r: NodeId, schema: &SchemaRef) -> Compiled<Kind> {
        let (writer, reader) = (self.writer, self.reader);
        let value = part(schema.value_schema())?;
        if schema.type_() != Type::Map {
            return Ok(Kind::Array(Box::new(self.kind(w, r, value)?)));
        }
        let key = part(schema.key_schema())?;
        let (Avro::Record(written), Avro::Record(read)) = (writer.kind(w), reader.kind(r)) else {
            return Err(self.mismatch(w, r));
        };
        let mut targets = Vec::with_capacity(2);
        for (name, schema) in [(KEY, key), (VALUE, value)] {
            let field = read.iter().find(|field| field.name == name);
            let field = field.ok_or_else(|| self.mismatch(w, r))?;
            targets.push(Target { field, schema });
        }
        let layout = self.layout((w, r), written, &targets)?;
        Ok(Kind::Entries(Box::new(layout)))
    }

    /// The place of a record among those of the plan.
    fn record(&mut self, w: NodeId, r: NodeId, schema: &SchemaRef) -> Compiled<usize> {
        let key = (w, r, std::sync::Arc::as_ptr(schema));
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let (writer, reader) = (self.writer, self.reader);
        let (Avro::Record(written), Avro::Record(read)) = (writer.kind(w), reader.kind(r)) else {
            return Err(self.mismatch(w, r));
        };
        let place = self.records.len();
        self.records.push(None);
        self.known.insert(key, place);
        let fields = read.iter().zip(schema.fields());
        let targets = fields.map(|(field, place)| Target {
            field,
            schema: &place.schema,
        });
        let targets: Vec<Target<'_>> = targets.collect();
        let layout = self.layout((w, r), written, &targets);
        let (layout, result) = match layout {
            Ok(layout) => (layout, Ok(place)),
            // Records inside may lead back to this one; they fail where they do.
            Err(error) => {
                let fails = Kind::Unreadable(Box::new(error.clone()));
                (Layout::Straight([fails].into()), Err(error))
            }
        };
        self.records[place] = Some(Record {
            schema: schema.clone(),
            layout,
        });
        result
    }

    /// How the fields of a written record fill places.
    fn layout(
        &mut self,
        (w, r): (NodeId, NodeId),
        written: &[Field],
        targets: &[Target<'_>],
    ) -> Compiled<Layout> {
        let mut steps = Vec::with_capacity(written.len());
        let mut is_filled = vec![false; targets.len()];
        for field in written {
            let by_name = targets.iter().position(|t| t.field.name == field.name);
            let by_alias = || {
                let has_alias = |t: &Target<'_>| t.field.aliases.iter().any(|a| field.name == *a);
                targets.iter().position(has_alias)
            };
            match by_name.or_else(by_alias).filter(|&slot| !is_filled[slot]) {
                Some(slot) => {
                    is_filled[slot] = true;
                    let target = &targets[slot];
                    let kind = self.kind(field.node, target.field.node, target.schema)?;
                    steps.push(Step::Read { slot, kind });
                }
                None => steps.push(Step::Skip(self.skip(field.node))),
            }
        }
        let mut template = vec![Value::Null; targets.len()];
        for (slot, target) in targets.iter().enumerate() {
            if is_filled[slot] {
                continue;
            }
            let field = target.field;
            let Some(default) = &field.default else {
                let (written, read) = (&self.writer.nodes[w], &self.reader.nodes[r]);
                return Err(ConnectError::record(
                    TYPE_EXCEPTION,
                    format!(
                        "Found {}, expecting {}, missing required field {}",
                        written.full_name(),
                        read.full_name(),
                        field.name
                    ),
                ));
            };
            let (reader, settings) = (self.reader, self.settings);
            template[slot] = defaults::value(reader, settings, field.node, target.schema, default)?;
        }
        Ok(arrange(steps, template))
    }

    fn skip(&mut self, w: NodeId) -> Skip {
        let writer = self.writer;
        match writer.kind(w) {
            Avro::Null => Skip::Nothing,
            Avro::Boolean => Skip::Bytes(1),
            Avro::Int | Avro::Long | Avro::Enum { .. } => Skip::Varint,
            Avro::Float => Skip::Bytes(4),
            Avro::Double => Skip::Bytes(8),
            Avro::Bytes | Avro::String => Skip::Prefixed,
            Avro::Fixed(size) => Skip::Bytes(*size),
            Avro::Array(items) => Skip::Array(Box::new(self.skip(*items))),
            Avro::Map(values) => Skip::Map(Box::new(self.skip(*values))),
            Avro::Union(members) => Skip::Union(members.iter().map(|&m| self.skip(m)).collect()),
            Avro::Record(fields) => {
                if let Some(&known) = self.known_skipped.get(&w) {
                    return Skip::Record(known);
                }
                let place = self.skipped.len();
                self.known_skipped.insert(w, place);
                self.skipped.push(Vec::new());
                self.skipped[place] = fields.iter().map(|field| self.skip(field.node)).collect();
                Skip::Record(place)
            }
        }
    }

    fn mismatch(&self, w: NodeId, r: NodeId) -> ConnectError {
        let (written, read) = (&self.writer.nodes[w], &self.reader.nodes[r]);
        let text = format!(
            "Found {}, expecting {}",
            written.full_name(),
            read.full_name()
        );
        ConnectError::record(TYPE_EXCEPTION, text)
    }
}

fn arrange(steps: Vec<Step>, template: Vec<Value>) -> Layout {
    let in_order =
        |(at, step): (usize, &Step)| matches!(step, Step::Read { slot, .. } if *slot == at);
    if steps.len() != template.len() || !steps.iter().enumerate().all(in_order) {
        return Layout::Mapped {
            steps: steps.into(),
            template,
        };
    }
    let kinds = steps.into_iter().filter_map(|step| match step {
        Step::Read { kind, .. } => Some(kind),
        Step::Skip(_) => None,
    });
    Layout::Straight(kinds.collect())
}

fn is_same(written: &Node, read: &Node) -> bool {
    let same_type = std::mem::discriminant(&written.kind) == std::mem::discriminant(&read.kind);
    same_type && has_name(written, read)
}

/// Whether a named type is the other one, by name or by an alias that the reader has; others have no names.
fn has_name(written: &Node, read: &Node) -> bool {
    let full = |name: &Option<Name>| name.as_ref().map(Name::full);
    let aliases = read.name.iter().flat_map(|name| &name.aliases);
    let written = full(&written.name);
    written == full(&read.name)
        || aliases
            .into_iter()
            .any(|alias| Some(alias) == written.as_ref())
}

fn is_promotion(written: &Avro, read: &Avro) -> bool {
    matches!(
        (written, read),
        (Avro::Int, Avro::Long | Avro::Float | Avro::Double)
            | (Avro::Long, Avro::Float | Avro::Double)
            | (Avro::Float, Avro::Double)
            | (Avro::String, Avro::Bytes)
            | (Avro::Bytes, Avro::String)
    )
}

fn symbol(written: &bytestring::ByteString, read: &Node) -> Symbol {
    let Avro::Enum { symbols, default } = &read.kind else {
        return Symbol::Known(written.clone());
    };
    let known = symbols.iter().find(|symbol| *symbol == written);
    let default = || {
        symbols
            .iter()
            .find(|symbol| Some(&***symbol) == default.as_deref())
    };
    match known.or_else(default) {
        Some(symbol) => Symbol::Known(symbol.clone()),
        None => Symbol::Unknown(Box::new(ConnectError::record(
            TYPE_EXCEPTION,
            format!("No match for {written}"),
        ))),
    }
}

fn part(schema: Option<&SchemaRef>) -> Compiled<&SchemaRef> {
    schema.ok_or_else(|| ConnectError::data("No schema for the parts of an array or map"))
}

fn number(schema: &Schema) -> Compiled<Number> {
    Ok(match (schema.name(), schema.type_()) {
        (Some(DATE), Type::Int32) => Number::Date,
        (Some(TIME), Type::Int32) => Number::Time,
        (Some(TIMESTAMP), Type::Int64) => Number::Timestamp,
        (_, type_) => {
            let (class, number) = match type_ {
                Type::Int8 => ("java.lang.Byte", Number::Int8),
                Type::Int16 => ("java.lang.Short", Number::Int16),
                Type::Int32 => ("java.lang.Integer", Number::Int32),
                Type::Float32 => ("java.lang.Float", Number::Float32),
                Type::Float64 => ("java.lang.Double", Number::Float64),
                _ => ("java.lang.Long", Number::Int64),
            };
            no_logical_type(schema, class)?;
            number
        }
    })
}

fn binary(schema: &Schema) -> Compiled<Binary> {
    if schema.name() != Some(DECIMAL) {
        no_logical_type(schema, "java.nio.HeapByteBuffer")?;
        return Ok(Binary::Bytes);
    }
    let scale = schema.parameters().and_then(|all| all.get(DECIMAL_SCALE));
    let Some(scale) = scale else {
        return Err(ConnectError::data(
            "Invalid Decimal schema: scale parameter not found.",
        ));
    };
    let scale = scale.parse();
    let scale = scale
        .map_err(|_| ConnectError::data("Invalid scale parameter found in Decimal schema: "))?;
    Ok(Binary::Decimal { scale })
}

/// A logical type's name on another type than its own, which a property of the schema can give.
fn no_logical_type(schema: &Schema, class: &str) -> Compiled<()> {
    let (name, base) = match schema.name() {
        Some(DECIMAL) => ("Decimal", "bytes"),
        Some(DATE) => ("Date", "int32"),
        Some(TIME) => ("Time", "int32"),
        Some(TIMESTAMP) => ("Timestamp", "int64"),
        _ => return Ok(()),
    };
    Err(ConnectError::data(format!(
        "Invalid type for {name}, underlying representation should be {base} but was class {class}"
    )))
}
