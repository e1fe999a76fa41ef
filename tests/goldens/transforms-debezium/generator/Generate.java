// Records what Debezium's ExtractNewRecordState makes of change events. See README.md beside this file. Two runs give
// identical files.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.debezium.transforms.ExtractNewRecordState;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.sink.SinkRecord;

public class Generate {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String FILE = "extract_new_record_state";
    static final String MODE = "delete.tombstone.handling.mode";
    static final String[] MODES = {"drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"};
    static final Map<String, Integer> NUMBERS = new HashMap<>();
    static PrintWriter out;

    // ---- one vector ----

    static void record(String name, Map<String, String> config, SinkRecord record) throws Exception {
        ObjectNode line = line(name, "transform");
        ObjectNode keys = line.putObject("config");
        config.forEach(keys::put);
        line.set("record", recordJson(record, null));
        ObjectNode expect = line.putObject("expect");
        ExtractNewRecordState<SinkRecord> plugin = new ExtractNewRecordState<>();
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream stderr = System.err;
        System.setErr(new PrintStream(log, true));
        try {
            plugin.configure(config);
        } catch (Throwable e) {
            ObjectNode error = error(expect.putObject("configure_error"), e);
            ArrayNode logged = error.putArray("logged");
            for (String text : log.toString().split("\n")) {
                int at = text.indexOf("The '");
                if (at >= 0) logged.add(text.substring(at));
            }
            out.println(JSON.writeValueAsString(line));
            return;
        } finally {
            System.setErr(stderr);
        }
        try {
            SinkRecord result = plugin.apply(record);
            if (result == null) {
                expect.putNull("ok");
            } else {
                expect.set("ok", recordJson(result, record.topic()));
            }
        } catch (Throwable e) {
            error(expect.putObject("error"), e);
        }
        out.println(JSON.writeValueAsString(line));
    }

    static ObjectNode line(String name, String kind) {
        ObjectNode line = JSON.createObjectNode();
        line.put("id", FILE + "/" + name + "_" + NUMBERS.merge(name, 1, Integer::sum));
        line.put("kind", kind);
        line.put("class", ExtractNewRecordState.class.getName());
        return line;
    }

    static ObjectNode error(ObjectNode node, Throwable e) {
        node.put("class", e.getClass().getName());
        node.put("message", e.getMessage());
        if (e.getCause() != null) {
            node.putObject("cause").put("class", e.getCause().getClass().getName()).put("message", e.getCause().getMessage());
        }
        boolean collection = e.getMessage() != null && e.getMessage().contains("java.util.");
        if (collection || e instanceof ClassCastException || e instanceof NullPointerException || e instanceof ArrayIndexOutOfBoundsException) {
            node.put("jvm_text", true);
        }
        return node;
    }

    @SuppressWarnings("unchecked")
    static void configDef() throws Exception {
        ObjectNode line = line("configdef", "configdef");
        ArrayNode keys = line.putObject("expect").putArray("ok");
        ConfigDef def = new ExtractNewRecordState<SinkRecord>().config();
        for (ConfigDef.ConfigKey key : def.configKeys().values()) {
            ObjectNode node = keys.addObject();
            node.put("name", key.name);
            node.put("type", key.type.name());
            node.put("required", key.defaultValue == ConfigDef.NO_DEFAULT_VALUE);
            boolean list = key.defaultValue instanceof List<?>;
            node.put("default", key.defaultValue == null ? null : list ? String.join(",", (List<String>) key.defaultValue) : key.defaultValue.toString());
            node.put("importance", key.importance.name());
            node.put("group", key.group);
            node.put("order", key.orderInGroup);
            node.put("width", key.width.name());
            node.put("display_name", key.displayName);
            node.put("validator", key.validator == null ? null : key.validator.toString());
        }
        out.println(JSON.writeValueAsString(line));
    }

    // ---- the notation of the vectors ----

    static ObjectNode recordJson(SinkRecord r, String originalTopic) {
        ObjectNode node = JSON.createObjectNode();
        node.put("topic", r.topic());
        node.put("partition", r.kafkaPartition());
        node.put("offset", r.kafkaOffset());
        node.put("timestamp", r.timestamp());
        node.put("timestampType", r.timestampType().toString());
        node.set("key", data(r.keySchema(), r.key()));
        node.set("value", data(r.valueSchema(), r.value()));
        ArrayNode headers = node.putArray("headers");
        r.headers().forEach(h -> {
            ObjectNode header = headers.addObject();
            header.put("key", h.key());
            header.set("schema", schema(h.schema()));
            header.set("value", payload(h.schema(), h.value()));
        });
        if (originalTopic != null && !originalTopic.equals(r.topic())) {
            node.put("originalTopic", originalTopic);
        }
        return node;
    }

    static ObjectNode data(Schema schema, Object value) {
        ObjectNode node = JSON.createObjectNode();
        node.set("schema", schema(schema));
        node.set("payload", payload(schema, value));
        return node;
    }

    static JsonNode schema(Schema schema) {
        if (schema == null) return JSON.nullNode();
        ObjectNode node = JSON.createObjectNode();
        String type = schema.type().getName();
        node.put("type", type.equals("float32") ? "float" : type.equals("float64") ? "double" : type);
        if (schema.isOptional()) node.put("optional", true);
        if (schema.name() != null) node.put("name", schema.name());
        if (schema.version() != null) node.put("version", schema.version());
        if (schema.doc() != null) node.put("doc", schema.doc());
        if (schema.parameters() != null) {
            ObjectNode parameters = node.putObject("parameters");
            schema.parameters().forEach(parameters::put);
        }
        if (schema.defaultValue() != null) node.set("default", payload(schema, schema.defaultValue()));
        if (schema.type() == Schema.Type.ARRAY) node.set("items", schema(schema.valueSchema()));
        if (schema.type() == Schema.Type.MAP) {
            node.set("keys", schema(schema.keySchema()));
            node.set("values", schema(schema.valueSchema()));
        }
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = node.putArray("fields");
            for (Field field : schema.fields()) {
                ObjectNode member = (ObjectNode) schema(field.schema());
                member.put("field", field.name());
                fields.add(member);
            }
        }
        return node;
    }

    // A value that its schema does not describe (a header whose schema lost its fields) is written with its own.
    static JsonNode payload(Schema schema, Object value) {
        if (value == null) return JSON.nullNode();
        if (schema == null) return free(value);
        if (value instanceof Struct s && !s.schema().equals(schema)) return JSON.createObjectNode().set("$raw", free(value));
        if (value instanceof BigDecimal d) return JSON.getNodeFactory().textNode(Base64.getEncoder().encodeToString(Decimal.fromLogical(schema, d)));
        if (value instanceof Date d) return JSON.getNodeFactory().numberNode(d.getTime());
        if (value instanceof byte[] b) return JSON.getNodeFactory().textNode(Base64.getEncoder().encodeToString(b));
        if (value instanceof Struct s) {
            ObjectNode node = JSON.createObjectNode();
            for (Field field : s.schema().fields()) node.set(field.name(), payload(field.schema(), s.getWithoutDefault(field.name())));
            return node;
        }
        if (value instanceof List<?> list) {
            ArrayNode node = JSON.createArrayNode();
            list.forEach(item -> node.add(payload(schema.valueSchema(), item)));
            return node;
        }
        if (value instanceof Map<?, ?> map) {
            ObjectNode node = JSON.createObjectNode();
            map.forEach((k, v) -> node.set((String) k, payload(schema.valueSchema(), v)));
            return node;
        }
        return JSON.valueToTree(value);
    }

    static JsonNode free(Object value) {
        if (value == null) return JSON.nullNode();
        if (value instanceof Struct s) return JSON.createObjectNode().set("$struct", data(s.schema(), s));
        if (value instanceof Integer n) return JSON.createObjectNode().put("$int32", n);
        if (value instanceof List<?> list) {
            ArrayNode node = JSON.createArrayNode();
            list.forEach(item -> node.add(free(item)));
            return node;
        }
        if (value instanceof Map<?, ?> map) {
            ObjectNode node = JSON.createObjectNode();
            map.forEach((k, v) -> node.set((String) k, free(v)));
            return node;
        }
        return JSON.valueToTree(value);
    }

    // ---- change events ----

    static final Schema OPTIONAL_LONG = Schema.OPTIONAL_INT64_SCHEMA;
    static final Schema TEXT = Schema.STRING_SCHEMA;
    static final Schema OPTIONAL_TEXT = Schema.OPTIONAL_STRING_SCHEMA;

    static final Schema SNAPSHOT = SchemaBuilder.string().name("io.debezium.data.Enum").version(1).optional().defaultValue("false")
        .parameter("allowed", "true,first,last,false").build();
    static final Schema POSTGRES = SchemaBuilder.struct().name("io.debezium.connector.postgresql.Source").field("connector", TEXT)
        .field("ts_ms", Schema.INT64_SCHEMA).field("snapshot", SNAPSHOT).field("table", TEXT).field("txId", OPTIONAL_LONG).field("lsn", OPTIONAL_LONG).build();
    static final Schema MYSQL = SchemaBuilder.struct().name("io.debezium.connector.mysql.Source").field("connector", TEXT)
        .field("ts_ms", Schema.INT64_SCHEMA).field("db", TEXT).field("gtid", OPTIONAL_TEXT).field("file", TEXT).field("pos", Schema.INT64_SCHEMA).build();
    static final Schema MONGO = SchemaBuilder.struct().name("io.debezium.connector.mongo.Source").field("connector", TEXT)
        .field("ts_ms", Schema.INT64_SCHEMA).field("collection", TEXT).field("ord", Schema.INT32_SCHEMA).build();
    static final Schema TRANSACTION = SchemaBuilder.struct().name("event.block").version(1).optional().field("id", TEXT)
        .field("total_order", Schema.INT64_SCHEMA).field("data_collection_order", Schema.INT64_SCHEMA).build();
    static final Schema UPDATES = SchemaBuilder.struct().name("io.debezium.connector.mongodb.changestream.updatedescription").optional()
        .field("removedFields", SchemaBuilder.array(TEXT).optional().build()).field("updatedFields", OPTIONAL_TEXT).build();
    static final Schema DOCUMENT = SchemaBuilder.string().name("io.debezium.data.Json").version(1).optional().build();

    static final Schema ROW = SchemaBuilder.struct().name("srv.shop.customers.Value").version(2).doc("a customer").optional()
        .field("id", Schema.INT32_SCHEMA).field("name", OPTIONAL_TEXT).field("region", OPTIONAL_TEXT)
        .field("email", SchemaBuilder.string().defaultValue("none").build())
        .field("score", SchemaBuilder.int32().optional().defaultValue(7).build())
        .field("amount", Decimal.builder(2).optional().build()).field("seen", Timestamp.builder().optional().build()).build();
    static final Schema SMALL = SchemaBuilder.struct().name("srv.shop.orders.Value").optional().field("id", Schema.INT64_SCHEMA).field("note", OPTIONAL_TEXT).build();
    static final Schema KEY = SchemaBuilder.struct().name("srv.shop.customers.Key").field("id", Schema.INT32_SCHEMA).field("region", OPTIONAL_TEXT).build();

    static Struct row(int id, String name, String region) {
        return new Struct(ROW).put("id", id).put("name", name).put("region", region).put("email", "a@b").put("score", 3)
            .put("amount", new BigDecimal("12.30")).put("seen", new Date(1700000000123L));
    }

    static Struct small(long id, String note) {
        return new Struct(SMALL).put("id", id).put("note", note);
    }

    static Schema envelope(Schema source, Schema row) {
        SchemaBuilder builder = SchemaBuilder.struct().name("srv.shop.customers.Envelope").version(2).field("before", row).field("after", row);
        if (source == MONGO) builder.field("updateDescription", UPDATES);
        return builder.field("source", source).field("transaction", TRANSACTION).field("op", TEXT).field("ts_ms", OPTIONAL_LONG)
            .field("ts_us", OPTIONAL_LONG).field("ts_ns", OPTIONAL_LONG).build();
    }

    static Struct source(Schema schema) {
        Struct source = new Struct(schema).put("ts_ms", 1700000000000L);
        if (schema == POSTGRES) return source.put("connector", "postgresql").put("table", "customers").put("txId", 555L).put("lsn", 24023128L);
        if (schema == MYSQL) return source.put("connector", "mysql").put("db", "shop").put("file", "bin.000003").put("pos", 154L);
        return source.put("connector", "mongodb").put("collection", "customers").put("ord", 31);
    }

    static Struct event(Schema source, Schema rows, String op, Object before, Object after) {
        Struct event = new Struct(envelope(source, rows)).put("before", before).put("after", after).put("source", source(source)).put("op", op)
            .put("ts_ms", 1700000000456L).put("ts_us", 1700000000456789L);
        if (source == POSTGRES) {
            event.put("transaction", new Struct(TRANSACTION).put("id", "555:24023128").put("total_order", 1L).put("data_collection_order", 2L));
        }
        if (source == MONGO && before != null) {
            event.put("updateDescription", new Struct(UPDATES).put("removedFields", List.of("a")).put("updatedFields", "{\"b\":1}"));
        }
        return event;
    }

    static SinkRecord of(Struct value) {
        return of(value.schema(), value);
    }

    static SinkRecord of(Schema schema, Object value) {
        return of(KEY, new Struct(KEY).put("id", 1).put("region", "eu"), schema, value);
    }

    static SinkRecord of(Schema keySchema, Object key, Schema schema, Object value) {
        return new SinkRecord("srv.shop.customers", 3, keySchema, key, schema, value, 42, 1700000000999L, TimestampType.CREATE_TIME);
    }

    static SinkRecord change(Schema source, String op) {
        Schema rows = source == MONGO ? DOCUMENT : source == MYSQL ? SMALL : ROW;
        Object old = source == MONGO ? "{\"_id\":1}" : source == MYSQL ? small(1, "old") : row(1, "Ann", "eu");
        Object now = source == MONGO ? "{\"_id\":1,\"b\":1}" : source == MYSQL ? small(1, "new") : row(1, "Anna", "us");
        return switch (op) {
            case "c", "r" -> of(event(source, rows, op, null, now));
            case "u" -> of(event(source, rows, op, old, now));
            case "d" -> of(event(source, rows, op, old, null));
            case "t", "m" -> of(event(source, rows, op, null, null));
            case "tombstone" -> of(null, null);
            default -> throw new IllegalArgumentException(op);
        };
    }

    static Map<String, String> config(String... entries) {
        Map<String, String> config = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) config.put(entries[i], entries[i + 1]);
        return config;
    }

    static Map<String, String> with(Map<String, String> config, String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(config);
        more.put(key, value);
        return more;
    }

    // ---- what is recorded ----

    static void modes() throws Exception {
        for (Schema source : List.of(POSTGRES, MYSQL, MONGO)) {
            for (String op : List.of("c", "r", "u", "d", "t", "m", "tombstone")) {
                // Inserts, reads and updates go one way.
                boolean brief = op.equals("r") || op.equals("m") || op.equals("c") && source != POSTGRES || op.equals("tombstone") && source != POSTGRES;
                if (!brief) record("default_" + op, config(), change(source, op));
                for (String mode : brief ? List.of("tombstone", "rewrite") : Arrays.asList(MODES)) {
                    record(mode + "_" + op, config(MODE, mode), change(source, op));
                }
            }
        }
        Schema envelope = envelope(MYSQL, SMALL);
        Schema optional = SchemaBuilder.struct().name("x.Envelope").optional().field("after", SMALL).build();
        for (String mode : MODES) {
            record("tombstone_with_schema", config(MODE, mode), of(optional, null));
            record("spelling", config(MODE, " " + mode.toUpperCase() + " "), change(MYSQL, "d"));
        }
        for (String mode : List.of("", "none", "rewrite,drop", "re write", "TOMB STONE", "drop ", "Rewrite-With-Tombstone")) {
            record("mode", config(MODE, mode), change(MYSQL, "d"));
        }
        // Keys of earlier versions mean nothing to this one.
        record("old_keys", config("drop.tombstones", "false", "delete.handling.mode", "rewrite"), change(MYSQL, "d"));
        record("old_keys", config("drop.tombstones", "false", "delete.handling.mode", "none"), change(MYSQL, "tombstone"));
    }

    static final String[] REFERENCES = {
        "op", "op,ts_ms", "ts_us,ts_ns", "source.lsn", "lsn", "lsn,source.lsn", "table,source.ts_ms,connector", "transaction.id", "id", "id,total_order,data_collection_order",
        "transaction.total_order:order", "op:OP,lsn:LSN", " op , table ", "op,,table", ",op", "op,", ",", " ", "nothing", "source.nothing", "transaction.nothing",
        "snapshot", "source.snapshot:s", "transaction", "source", "source.source", "before", "before.name", "after.name", "before.name:old,after.name:new", "before.score,before.email,before.amount,before.seen",
        "nowhere.x", "op.x", "a.b.c", "source.lsn.x", "updateDescription", "updateDescription.updatedFields", "updateDescription.removedFields", "db,gtid,file,pos", "collection,ord", "op:", "op: x ", ":x", "op:a:b", ":", ".", "..", "source.", ".op", "op,op", "source.op", "table:op",
    };

    static void references() throws Exception {
        for (String references : REFERENCES) {
            boolean document = references.contains("up") || references.contains("ord");
            boolean columns = references.contains("before.") || references.contains("after.");
            SinkRecord update = document ? change(MONGO, "d") : columns ? change(POSTGRES, "u") : of(event(POSTGRES, SMALL, "u", small(1, "old"), small(1, "new")));
            record("headers", config("add.headers", references), update);
            if (!document) record("fields", config("add.fields", references), update.newRecord(update.topic(), update.kafkaPartition(), KEY, update.key(), update.valueSchema(), update.value(), update.timestamp()));
        }
        for (String references : List.of("op,table,lsn", "transaction.id,id", "db,gtid,pos", "before.note:old", "updateDescription", "source.nothing,op")) {
            for (String op : List.of("r", "d")) {
                record("fields_mysql", config("add.fields", references, MODE, "rewrite"), change(MYSQL, op));
            }
            record("fields_tombstone", config("add.fields", references, MODE, "tombstone"), change(MYSQL, "d"));
        }
        for (String references : List.of("op", "op:OPERATION,ts_ms", "source.op,db", "id,op,op", "source.ts_ms,transaction.id")) {
            for (String mode : MODES) {
                for (String op : List.of("tombstone", "d")) {
                    record("headers_" + mode, config("add.headers", references, MODE, mode), change(MYSQL, op));
                }
            }
            record("headers_truncate", config("add.headers", references), change(MYSQL, "t"));
        }
        for (String prefix : List.of("", "_", "x.", "é ", " a", "__deleted")) {
            record("prefix", config("add.fields.prefix", prefix, "add.headers.prefix", prefix + "h", "add.fields", "op,source.lsn,lsn:LSN", "add.headers", "op,source.lsn,lsn:LSN"), change(POSTGRES, "c"));
        }
        // Names that are there already.
        for (String references : List.of("op:id", "op:name", "op:a,lsn:a")) {
            record("twice", config("add.fields.prefix", "", "add.fields", references), change(POSTGRES, "c"));
            record("twice", config("add.headers.prefix", "", "add.headers", references), change(POSTGRES, "c"));
        }
        record("twice", config("add.fields", "op:deleted", MODE, "rewrite"), change(POSTGRES, "c"));
        SinkRecord headed = change(MYSQL, "c");
        headed.headers().addString("__op", "mine").addInt("n", 5);
        record("headers_kept", config("add.headers", "op"), headed);
    }

    static void routes() throws Exception {
        for (String mode : MODES) {
            for (String op : List.of("c", "d")) {
                record("route_" + mode, config("route.by.field", "region", MODE, mode), change(POSTGRES, op));
            }
        }
        for (String field : List.of("", " ", "id", "nothing", "email", "note", "name")) {
            for (String op : List.of("u", "d")) {
                record("route", config("route.by.field", field), change(POSTGRES, op));
            }
        }
        for (String region : new String[] {null, "", "  ", "a b", "srv.shop.customers"}) {
            record("route_to", config("route.by.field", "region"), of(event(POSTGRES, ROW, "c", null, row(1, "Ann", region))));
            record("route_to", config("route.by.field", "region"), of(event(POSTGRES, ROW, "d", row(1, "Ann", region), null)));
        }
        for (String op : List.of("c", "d", "t", "tombstone")) {
            record("route_document", config("route.by.field", "_id"), change(MONGO, op));
            record("route_document", config("route.by.field", "_id", MODE, "rewrite-with-tombstone"), change(MONGO, op));
        }
    }

    static SinkRecord dropping(SinkRecord record, Object fields) {
        if (fields instanceof List<?>) {
            record.headers().add("drop", fields, SchemaBuilder.array(OPTIONAL_TEXT).optional().build());
        } else {
            record.headers().add("drop", fields, fields == null ? OPTIONAL_TEXT : TEXT);
        }
        return record;
    }

    static void drops() throws Exception {
        List<Object> lists = new ArrayList<>(List.of(List.of("region"), List.of("id"), List.of("name", "region", "id"), List.of("nothing"), List.of(), List.of("email", "score"),
            List.of("name,region"), List.of("name", "name"), List.of(" name "), List.of(""), List.of("", "name"), List.of("name,,region"), List.of("__op", "__deleted"), "name",
            List.of("id", "name", "region", "email", "score", "amount", "seen")));
        lists.add(null);
        lists.add(Arrays.asList("name", null, "region"));
        for (Object fields : lists) {
            for (String compatible : List.of("true", "false")) {
                Map<String, String> config = config("drop.fields.header.name", "drop", "drop.fields.from.key", "true", "drop.fields.keep.schema.compatible", compatible);
                record("drop", config, dropping(change(POSTGRES, "u"), fields));
            }
        }
        for (String mode : MODES) {
            for (String compatible : List.of("true", "false")) {
                Map<String, String> config = config("drop.fields.header.name", "drop", "drop.fields.keep.schema.compatible", compatible, MODE, mode, "add.fields", "op");
                record("drop_" + mode, config, dropping(change(POSTGRES, "d"), List.of("region", "__op", "__deleted")));
                record("drop_" + mode, with(config, "drop.fields.from.key", "true"), dropping(change(MYSQL, "r"), List.of("region", "note", "__op")));
                record("drop_" + mode, config, dropping(change(MYSQL, "tombstone"), List.of("note")));
            }
        }
        Struct nulls = new Struct(ROW).put("id", 1).put("email", "x");
        nulls.put("score", null);
        record("drop_defaults", config("drop.fields.header.name", "drop"), dropping(of(event(POSTGRES, ROW, "c", null, nulls)), List.of("name")));
        for (String compatible : List.of("true", "false")) {
            Map<String, String> config = config("drop.fields.header.name", "drop", "drop.fields.from.key", "true", "drop.fields.keep.schema.compatible", compatible);
            Struct event = event(MYSQL, SMALL, "c", null, small(1, "x"));
            record("drop_key", config, dropping(of(null, null, event.schema(), event), List.of("note")));
            record("drop_key", config, dropping(of(TEXT, "k", event.schema(), event), List.of("note")));
            record("drop_key", config, dropping(of(null, Map.of("note", "x"), event.schema(), event), List.of("note")));
            record("drop_key", config, dropping(of(KEY, null, event.schema(), event), List.of("note")));
            record("drop_key", with(config, "drop.fields.from.key", "false"), dropping(of(TEXT, "k", event.schema(), event), List.of("note")));
        }
        for (String name : List.of("", " ", "other")) {
            record("drop_header", config("drop.fields.header.name", name), dropping(change(MYSQL, "c"), List.of("note")));
            record("drop_header", config("drop.fields.header.name", name), dropping(change(MYSQL, "d"), List.of("note")));
        }
        SinkRecord two = dropping(dropping(change(POSTGRES, "c"), List.of("name")), List.of("region"));
        record("drop_first_header", config("drop.fields.header.name", "drop"), two);
        // A header that the same transformation adds.
        record("drop_own_header", config("drop.fields.header.name", "__updateDescription_removedFields", "add.headers", "updateDescription.removedFields"), change(MONGO, "d"));
        record("drop_own_header", config("drop.fields.header.name", "__id", "add.headers", "op:id"), change(POSTGRES, "c"));
    }

    static void defaults() throws Exception {
        Struct nulls = new Struct(ROW).put("id", 1).put("email", "x");
        Struct unset = new Struct(ROW).put("id", 1);
        for (String value : new String[] {null, "true", "false", " FALSE "}) {
            for (String mode : List.of("tombstone", "rewrite")) {
                Map<String, String> config = config(MODE, mode);
                if (value != null) config.put("replace.null.with.default", value);
                record("nulls", config, of(event(POSTGRES, ROW, "c", null, nulls)));
                record("nulls", config, of(event(POSTGRES, ROW, "d", nulls, null)));
                record("unset", config, of(event(POSTGRES, ROW, "c", null, unset)));
            }
        }
        record("null_source_default", config("add.fields", "snapshot", "add.headers", "snapshot"), change(POSTGRES, "c"));
    }

    static void strangers() throws Exception {
        Map<String, String> all = config("add.fields", "op", "add.headers", "op", MODE, "rewrite", "drop.fields.header.name", "drop");
        Schema plain = SchemaBuilder.struct().name("srv.Value").field("after", TEXT).build();
        Schema unnamed = SchemaBuilder.struct().field("after", TEXT).build();
        List<SinkRecord> records = List.of(
            of(plain, new Struct(plain).put("after", "x")),
            of(unnamed, new Struct(unnamed).put("after", "x")),
            of(null, new java.util.TreeMap<>(Map.of("before", Map.of(), "after", Map.of("id", 1L), "op", "c"))),
            of(null, Map.of("schema", Map.of("name", "x.Envelope"))),
            of(TEXT, "x"),
            of(OPTIONAL_TEXT, null),
            of(SchemaBuilder.string().name("x.Envelope").build(), "x"),
            of(SchemaBuilder.string().name("Envelope").build(), "x"),
            of(SchemaBuilder.string().name("x.envelope").build(), "x"));
        for (SinkRecord record : records) {
            record("stranger", config(), record);
            record("stranger", all, record.newRecord(record.topic(), record.kafkaPartition(), record.keySchema(), record.key(), record.valueSchema(), record.value(), record.timestamp()));
        }
        Object[] envelopes = {
            new Object[] {"op", TEXT},
            new Object[] {"after", SMALL},
            new Object[] {"before", SMALL},
            new Object[] {"after", SMALL, "op", TEXT},
            new Object[] {"before", SMALL, "after", SMALL},
            new Object[] {"after", SMALL, "op", Schema.INT32_SCHEMA},
            new Object[] {"after", SchemaBuilder.map(TEXT, TEXT).optional().build(), "op", TEXT},
            new Object[] {"before", SMALL, "after", SMALL, "op", OPTIONAL_TEXT},
        };
        for (Object shape : envelopes) {
            Object[] fields = (Object[]) shape;
            SchemaBuilder builder = SchemaBuilder.struct().name("odd.Envelope");
            for (int i = 0; i < fields.length; i += 2) builder.field((String) fields[i], (Schema) fields[i + 1]);
            Schema schema = builder.build();
            for (boolean filled : new boolean[] {true, false}) {
                Struct value = new Struct(schema);
                for (Field field : schema.fields()) {
                    Object content = field.schema() == SMALL ? small(1, "x") : field.schema().type() == Schema.Type.MAP ? new LinkedHashMap<>(Map.of("k", "v")) : field.schema().type() == Schema.Type.INT32 ? 5 : "c";
                    if (filled || !field.schema().isOptional()) value.put(field, content);
                }
                record("odd", config(), of(value));
                record("odd", config(MODE, "rewrite", "add.fields", "op"), of(value));
            }
        }
    }

    static void configurations() throws Exception {
        for (String key : List.of("drop.fields.from.key", "drop.fields.keep.schema.compatible")) {
            for (String value : List.of("yes", "", "1", " True ", "FALSE")) {
                record("boolean", config(key, value), change(MYSQL, "c"));
            }
        }
        record("several", config(MODE, "x", "drop.fields.from.key", "y"), change(MYSQL, "c"));
        record("unknown", config("add.field", "op"), change(MYSQL, "c"));
    }

    public static void main(String[] args) throws Exception {
        out = new PrintWriter(Files.newBufferedWriter(Path.of(args[0]).resolve(FILE + ".jsonl")));
        configDef();
        modes();
        references();
        routes();
        drops();
        defaults();
        strangers();
        configurations();
        out.close();
    }
}
