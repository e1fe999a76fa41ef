//! `InsertHeader`: appends one header that is the same for all records.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::SchemaAndValue;
use connect_api::data::values::parse_string;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.InsertHeader",
    config_def,
    |config| Ok(Box::new(InsertHeader::new(config)?)),
);

const HEADER: Key<String> =
    Key::required("header", Importance::High, "Name of the header.").check(Check::NonNull);
const VALUE_LITERAL: Key<String> = Key::required(
    "value.literal",
    Importance::High,
    "Value of the header; its type is guessed as that of header texts is.",
)
.check(Check::NonNull);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&HEADER).define(&VALUE_LITERAL)
}

/// `org.apache.kafka.connect.transforms.InsertHeader`
struct InsertHeader {
    header: ByteString,
    literal: SchemaAndValue,
}

impl InsertHeader {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let header = config.get(&HEADER).into();
        let literal = parse_string(&config.get(&VALUE_LITERAL).into());
        config.finish(Self { header, literal })
    }
}

impl Transformation for InsertHeader {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let SchemaAndValue { schema, value } = self.literal.clone();
        record.headers.push(self.header.clone(), schema, value);
        Ok(Some(record))
    }
}
