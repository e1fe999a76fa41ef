// Random configurations and data through Kafka Connect's own classes, and what came of it. See ../README.md.

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.ConnectMetrics;
import org.apache.kafka.connect.runtime.SinkConnectorConfig;
import org.apache.kafka.connect.runtime.TransformationStage;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.runtime.standalone.StandaloneConfig;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;
import org.apache.kafka.connect.util.ConnectorTaskId;

public class Generate {
    static final String TRANSFORMS = "org.apache.kafka.connect.transforms.";
    static final String[] WITH_SIDES = {
        "Cast", "Cast", "ExtractField", "Flatten", "HeaderFrom", "HoistField", "InsertField", "MaskField", "ReplaceField", "ReplaceField",
        "SetSchemaMetadata", "TimestampConverter", "TimestampConverter",
    };
    static final String[] WITHOUT = {"DropHeaders", "Filter", "InsertHeader", "RegexRouter", "TimestampRouter", "ValueToKey"};
    static final String[] PREDICATES = {"HasHeaderKey", "RecordIsTombstone", "TopicNameMatches"};
    static final String[] CONVERTERS = {
        "json.JsonConverter", "json.JsonConverter", "json.JsonConverter", "storage.StringConverter", "converters.ByteArrayConverter",
        "converters.IntegerConverter", "converters.LongConverter", "converters.ShortConverter", "converters.FloatConverter",
        "converters.DoubleConverter", "converters.BooleanConverter",
    };

    final Data data;
    final Path folder;

    Generate(Path folder, long seed) {
        this.folder = folder;
        this.data = new Data(new Random(seed));
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        int count = Integer.parseInt(args[1]);
        long seed = Long.parseLong(args[2]);
        new Generate(folder, seed).transforms(count);
        new Generate(folder, seed + 1).predicates(count / 8);
        new Generate(folder, seed + 2).converters(count);
        new Generate(folder, seed + 3).headers(count / 2);
        new Generate(folder, seed + 4).properties(count / 4);
        new Generate(folder, seed + 5).chains(count / 4);
        new Generate(folder, seed + 6).providers(count / 8);
        new Generate(folder, seed).definitions();
    }

    // ---- definitions ----

    void definitions() throws Exception {
        List<String> classes = new ArrayList<>();
        for (String simple : new java.util.LinkedHashSet<>(Arrays.asList(WITH_SIDES))) {
            classes.add(TRANSFORMS + simple + "$Key");
            classes.add(TRANSFORMS + simple + "$Value");
        }
        for (String simple : WITHOUT) classes.add(TRANSFORMS + simple);
        for (String simple : PREDICATES) classes.add(TRANSFORMS + "predicates." + simple);
        for (String name : new java.util.LinkedHashSet<>(Arrays.asList(CONVERTERS))) classes.add("org.apache.kafka.connect." + name);
        classes.add("org.apache.kafka.connect.storage.SimpleHeaderConverter");
        try (PrintWriter out = file("definitions")) {
            for (String name : classes) {
                Object plugin = Class.forName(name).getDeclaredConstructor().newInstance();
                ConfigDef def = plugin instanceof Transformation<?> t ? t.config() : plugin instanceof Predicate<?> p ? p.config()
                    : plugin instanceof Converter c ? c.config() : ((HeaderConverter) plugin).config();
                ObjectNode line = Notation.NODES.objectNode();
                line.put("id", "definitions/" + name.substring(name.lastIndexOf('.') + 1));
                line.put("kind", "configdef");
                line.put("class", name);
                var keys = line.putObject("expect").putArray("ok");
                def.configKeys().values().forEach(key -> {
                    ObjectNode k = keys.addObject();
                    k.put("name", key.name);
                    k.put("type", key.type.name());
                    k.put("required", !key.hasDefault());
                    k.put("default", key.hasDefault() && key.defaultValue != null ? ConfigDef.convertToString(key.defaultValue, key.type) : null);
                    k.put("importance", key.importance.name());
                    k.put("group", key.group);
                    k.put("order", key.orderInGroup);
                    k.put("width", key.width.name());
                    k.put("display_name", key.displayName);
                    k.put("validator", key.validator == null ? null : key.validator.toString().replaceAll("@[0-9a-f]+", ""));
                });
                out.println(Notation.JSON.writeValueAsString(line));
            }
        }
    }

    PrintWriter file(String name) throws Exception {
        return new PrintWriter(Files.newBufferedWriter(folder.resolve(name + ".jsonl")));
    }

    ObjectNode line(String file, int number, String kind, String className) {
        ObjectNode line = Notation.NODES.objectNode();
        line.put("id", file + "/random_" + number);
        line.put("kind", kind);
        if (className != null) line.put("class", className);
        return line;
    }

    static void put(ObjectNode node, String name, Map<String, String> config) {
        ObjectNode keys = node.putObject(name);
        config.forEach(keys::put);
    }

    // Texts with an object's identity, or with a map in the order of the test program.
    void print(PrintWriter out, ObjectNode line) throws Exception {
        String expect = Notation.JSON.writeValueAsString(line.get("expect"));
        if (line.path("expect").path("ok").has("bytes")) {
            expect += new String(java.util.Base64.getDecoder().decode(line.path("expect").path("ok").path("bytes").textValue()), StandardCharsets.ISO_8859_1).replaceAll("[\\r\\n\\x00]", "");
        }
        boolean accident = expect.matches(".*\\[(\\\\u0000)*B(\\\\u0000)*@.*") || expect.contains("HeapByteBuffer") || expect.contains("Timestamp missing on record");
        if (!accident) out.println(utf8(Notation.JSON.writeValueAsString(line)));
    }

    // What UTF-8 cannot hold is shown as a question mark.
    static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    interface Attempt {
        void run(ObjectNode expect) throws Throwable;
    }

    static void attempt(ObjectNode expect, String kind, Attempt attempt) {
        try {
            attempt.run(expect);
        } catch (Throwable e) {
            expect.removeAll();
            Notation.error(expect.putObject(kind), e);
        }
    }

    // ---- transformations ----

    void transforms(int count) throws Exception {
        try (PrintWriter out = file("transforms")) {
            for (int i = 0; i < count; i++) {
                SinkRecord record = data.record();
                boolean sided = data.chance(0.8);
                String simple = sided ? data.pick(WITH_SIDES) : data.pick(WITHOUT);
                boolean key = data.chance(0.3);
                String name = TRANSFORMS + simple + (sided ? key ? "$Key" : "$Value" : "");
                Map<String, String> config = config(simple, record, key);
                ObjectNode line = line("transforms", i, "transform", name);
                put(line, "config", config);
                line.set("record", Notation.record(record, null));
                ObjectNode expect = line.putObject("expect");
                @SuppressWarnings("unchecked")
                Transformation<SinkRecord> t = (Transformation<SinkRecord>) Class.forName(name).getDeclaredConstructor().newInstance();
                attempt(expect, "configure_error", e -> t.configure(config));
                if (expect.isEmpty()) attempt(expect, "error", e -> result(e, t.apply(record), record.topic()));
                print(out, line);
            }
        }
    }

    static void result(ObjectNode expect, SinkRecord result, String topic) {
        if (result == null) {
            expect.putNull("ok");
            return;
        }
        expect.set("ok", Notation.record(result, topic));
        boolean hashed = Notation.hashed(result.key()) || Notation.hashed(result.value());
        for (var header : result.headers()) hashed |= Notation.hashed(header.value());
        if (hashed) expect.put("map_order", "undefined");
    }

    // Names of fields that the record has, mostly.
    String field(SinkRecord record, boolean key) {
        Schema schema = key ? record.keySchema() : record.valueSchema();
        Object value = key ? record.key() : record.value();
        List<String> names = new ArrayList<>();
        if (schema != null && schema.type() == Schema.Type.STRUCT) for (Field f : schema.fields()) names.add(f.name());
        if (value instanceof Map<?, ?> map && schema == null) map.keySet().forEach(k -> names.add("" + k));
        if (names.isEmpty() || data.chance(0.15)) return data.pick(Data.NAMES);
        return names.get(data.upTo(names.size()));
    }

    String fields(SinkRecord record, boolean key) {
        List<String> names = new ArrayList<>();
        for (int i = data.upTo(4); i >= 0; i--) {
            String name = field(record, key);
            if (!names.contains(name) || data.chance(0.1)) names.add(name);
        }
        String text = String.join(data.chance(0.9) ? "," : " , ", names);
        return data.chance(0.03) ? "," + text : text;
    }

    void maybe(Map<String, String> config, double p, String key, String... values) {
        if (data.chance(p)) config.put(key, data.pick(values));
    }

    static final String[] FORMATS = {
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "dd/MMM/yyyy", "EEE, dd MMM yyyy HH:mm:ss zzz",
        "yyyyMMdd", "HH:mm:ss", "G yyyy", "YYYY-'W'ww", "yyyy D", "''", "yyyy-MM-dd hh:mm:ss a", "S", "yyyyMMddHHmmssSSS", "Z XXX z zzzz", "x", "b", "", "'", "yyyyy.MMMMM.dd GGG hh:mm aaa",
    };

    Map<String, String> config(String simple, SinkRecord record, boolean key) {
        Map<String, String> config = new LinkedHashMap<>();
        String[] booleans = {"true", "false", "false", "false", "TRUE", " false ", "no"};
        switch (simple) {
            case "Cast" -> {
                String[] types = {"int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string", "string", "STRING", "Int32"};
                if (data.chance(0.25)) {
                    config.put("spec", data.pick(types));
                } else {
                    List<String> items = new ArrayList<>();
                    for (int i = data.upTo(5); i >= 0; i--) items.add(field(record, key) + ":" + data.pick(types));
                    if (data.chance(0.05)) items.add(data.pick("a", "a:", ":int8", "a:int8:int16", "a:foo", " a : int8 ", "a:bytes", "int8", "a:map", "a:array", "a:date"));
                    config.put("spec", String.join(",", items));
                }
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "DropHeaders" -> maybe(config, 0.97, "headers", "a", "a,b", "a,b,c,d", "Ä", "x.y", "", "a,a", " a ");
            case "ExtractField" -> {
                if (data.chance(0.97)) config.put("field", data.chance(0.7) ? field(record, key) : field(record, key) + "." + data.pick(Data.NAMES));
                maybe(config, 0.4, "field.syntax.version", "V1", "V2", "V2", "V2", "v2", "V3", "");
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "Flatten" -> maybe(config, 0.5, "delimiter", ".", "_", "", "--", " ", "é");
            case "HeaderFrom" -> {
                int n = data.upTo(3) + 1;
                List<String> from = new ArrayList<>(), to = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    from.add(field(record, key));
                    to.add(data.pick("h", "a", "b", "x.y"));
                }
                if (data.chance(0.03)) to.add("z");
                config.put("fields", String.join(",", from));
                config.put("headers", String.join(",", to));
                maybe(config, 0.98, "operation", "move", "copy", "move", "copy", "move", "copy", "MOVE", "cut");
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "HoistField" -> maybe(config, 0.97, "field", "a", "", "x.y", " s ");
            case "InsertField" -> {
                String[] names = {"p", "a", "b", "x.y", "o!", "q?", "!", "?", "a!!", "b?!", "n!"};
                maybe(config, 0.4, "topic.field", names);
                maybe(config, 0.4, "partition.field", names);
                maybe(config, 0.4, "offset.field", names);
                maybe(config, 0.4, "timestamp.field", names);
                if (data.chance(0.5)) {
                    maybe(config, 0.95, "static.field", names);
                    maybe(config, 0.95, "static.value", Data.TEXTS);
                }
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "InsertHeader" -> {
                maybe(config, 0.97, "header", "h", "a", "", "x.y");
                if (data.chance(0.97)) config.put("value.literal", data.text());
            }
            case "MaskField" -> {
                maybe(config, 0.97, "fields", fields(record, key));
                if (data.chance(0.4)) config.put("replacement", data.text());
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "RegexRouter" -> {
                maybe(config, 0.98, "regex", ".*", "(.*)", "t", "(.*)-(\\d+)", "db\\.(\\w+)\\.(\\w+)", "(?<n>.+)", "[a-c.]+", "(?i)T", "x_1-y", "(a)?.*", "(.*?)\\.(.*)", "^t$", "(", "\\p{Alpha}+", "(?:a|t)+", "");
                maybe(config, 0.98, "replacement", "$1", "$0", "x", "$1_$2", "${n}", "$2$1", "\\$1", "a$", "$10", "", "$3", "$1$1", "${", "pre-$0", "\\", "é");
            }
            case "ReplaceField" -> {
                if (data.chance(0.5)) config.put("exclude", fields(record, key));
                if (data.chance(0.4)) config.put("include", fields(record, key));
                if (data.chance(0.5)) {
                    List<String> renames = new ArrayList<>();
                    for (int i = data.upTo(3); i >= 0; i--) renames.add(field(record, key) + ":" + data.pick("a", "b", "new", "x.z", "Ä"));
                    if (data.chance(0.05)) renames.add(data.pick("a", "a:", ":b", "a:b:c", " a : b ", ":"));
                    config.put("renames", String.join(",", renames));
                }
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "SetSchemaMetadata" -> {
                maybe(config, 0.7, "schema.name", "n", "com.x.New", "", " a ");
                maybe(config, 0.7, "schema.version", "1", "0", "-1", "x", "2147483648", "", " 5 ", "+7", "1.0");
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "TimestampConverter" -> {
                if (data.chance(0.6)) config.put("field", field(record, key));
                maybe(config, 0.98, "target.type", "string", "unix", "Date", "Time", "Timestamp", "string", "unix", "Date", "Time", "Timestamp", "date", "");
                maybe(config, 0.7, "format", FORMATS);
                maybe(config, 0.4, "unix.precision", "seconds", "milliseconds", "microseconds", "nanoseconds", "days", "SECONDS");
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "TimestampRouter" -> {
                maybe(config, 0.5, "topic.format", "${topic}-${timestamp}", "${topic}", "${timestamp}", "x", "${topic}${topic}_${timestamp}${timestamp}", "$topic", "${Topic}", "${timestamp}-${topic}", "");
                maybe(config, 0.6, "timestamp.format", FORMATS);
            }
            case "ValueToKey" -> {
                maybe(config, 0.97, "fields", fields(record, false));
                maybe(config, 0.3, "replace.null.with.default", booleans);
            }
            case "HasHeaderKey" -> maybe(config, 0.97, "name", "a", "b", "c", "Ä", "", "A", " a ");
            case "TopicNameMatches" -> maybe(config, 0.97, "pattern", ".*", "t", "T", "(?i)T", "db\\..*", "[a-z]+-\\d{4}", "x_1.y", "\\w+", "a.b.c", "", "(", "t|x.*", "^t", "\\Qa.b.c\\E", "(?!t).*", "\\p{Lower}+");
            default -> { }
        }
        maybe(config, 0.02, "unknown.key", "x");
        return config;
    }

    // ---- predicates ----

    void predicates(int count) throws Exception {
        try (PrintWriter out = file("predicates")) {
            for (int i = 0; i < count; i++) {
                SinkRecord record = data.record();
                String simple = data.pick(PREDICATES);
                Map<String, String> config = config(simple, record, false);
                ObjectNode line = line("predicates", i, "predicate", TRANSFORMS + "predicates." + simple);
                put(line, "config", config);
                line.set("record", Notation.record(record, null));
                ObjectNode expect = line.putObject("expect");
                @SuppressWarnings("unchecked")
                Predicate<SinkRecord> p = (Predicate<SinkRecord>) Class.forName(TRANSFORMS + "predicates." + simple).getDeclaredConstructor().newInstance();
                attempt(expect, "configure_error", e -> p.configure(config));
                if (expect.isEmpty()) attempt(expect, "error", e -> e.put("ok", p.test(record)));
                print(out, line);
            }
        }
    }

    // ---- converters ----

    Map<String, String> converterConfig(String name) {
        Map<String, String> config = new LinkedHashMap<>();
        if (name.endsWith("JsonConverter")) {
            maybe(config, 0.6, "schemas.enable", "true", "false", "false");
            maybe(config, 0.3, "decimal.format", "NUMERIC", "BASE64", "numeric", "text");
            maybe(config, 0.3, "replace.null.with.default", "true", "false");
            maybe(config, 0.1, "schemas.cache.size", "0", "1", "16", "x");
            maybe(config, 0.15, "schema.content", "", "{\"type\":\"int32\"}", "{\"type\":\"string\",\"optional\":true}", "{\"type\":\"struct\",\"fields\":[{\"field\":\"a\",\"type\":\"int64\"},{\"field\":\"b\",\"type\":\"string\",\"optional\":true,\"default\":\"x\"}]}",
                "{", "{\"type\":\"foo\"}", "[]", "null", "{\"type\":\"array\",\"items\":{\"type\":\"double\"}}", "{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"boolean\"}}");
        } else if (name.endsWith("StringConverter")) {
            maybe(config, 0.3, "converter.encoding", "UTF-8", "UTF8", "ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16LE", "latin1", "windows-1252", "nope", "utf-32");
        }
        return config;
    }

    // JSON in and around the envelope of the converter itself, often with a few characters changed.
    byte[] json() {
        String text;
        if (data.chance(0.5)) {
            JsonConverter writer = new JsonConverter();
            writer.configure(Map.of("schemas.enable", "" + data.chance(0.8), "decimal.format", data.pick("NUMERIC", "BASE64"), "replace.null.with.default", "" + data.chance(0.5)), false);
            Schema schema = data.chance(0.6) ? data.outer() : data.schema(2);
            try {
                text = new String(writer.fromConnectData("t", schema, data.value(schema)), StandardCharsets.UTF_8);
            } catch (RuntimeException e) {
                text = "{\"schema\":null,\"payload\":1}";
            }
        } else {
            text = document(3);
            if (data.chance(0.5)) text = "{\"schema\":" + data.pick("null", "{\"type\":\"" + data.pick("int8", "int32", "float", "double", "string", "bytes", "boolean", "array", "struct", "map", "int64") + "\"" + data.pick("", ",\"optional\":true", ",\"default\":" + document(1), ",\"version\":1", ",\"name\":\"n\"", ",\"items\":{\"type\":\"int32\"}", ",\"fields\":[]") + "}") + ",\"payload\":" + text + "}";
        }
        if (data.chance(0.25)) {
            StringBuilder changed = new StringBuilder(text);
            for (int i = data.upTo(2); i >= 0 && changed.length() > 0; i--) {
                int at = data.upTo(changed.length());
                switch (data.upTo(3)) {
                    case 0 -> changed.deleteCharAt(at);
                    case 1 -> changed.insert(at, data.pick("\"", ",", "}", "{", "[", "]", "0", "-", "e", " ", "null", ":", "\\", "é"));
                    default -> changed.setCharAt(at, (char) (' ' + data.upTo(94)));
                }
            }
            text = changed.toString();
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    String document(int depth) {
        StringBuilder s = new StringBuilder();
        switch (data.upTo(depth > 0 ? 12 : 7)) {
            case 0 -> s.append(data.pick("null", "true", "false", " null ", "\tfalse\n"));
            case 1 -> s.append(data.pick("0", "-0", "1", "127", "128", "-129", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"));
            case 2 -> s.append(data.pick("0.0", "-0.0", "1.5", "1e3", "1E-400", "1e400", "0.1", "1.10", "3.4028236e38", "12345678901234567890.5", "1.0e+2", "2.5E0", "NaN", "01", "1.", ".5", "+1", "-"));
            case 3 -> s.append(data.random.nextLong());
            case 4, 5, 6 -> s.append(quoted(data.text()));
            case 7, 8 -> {
                s.append("[");
                int n = data.upTo(4);
                for (int i = 0; i < n; i++) s.append(i > 0 ? data.pick(",", " , ") : "").append(document(depth - 1));
                s.append("]");
            }
            default -> {
                s.append("{");
                int n = data.upTo(4);
                for (int i = 0; i < n; i++) s.append(i > 0 ? "," : "").append(quoted(data.pick("a", "b", "c", "schema", "payload", "é", ""))).append(data.pick(":", " : ")).append(document(depth - 1));
                s.append("}");
            }
        }
        return s.toString();
    }

    String quoted(String text) {
        try {
            String quoted = Notation.JSON.writeValueAsString(text);
            return data.chance(0.1) ? quoted.replace("a", "\\u0061").replace("/", "\\/") : quoted;
        } catch (Exception e) {
            return "\"\"";
        }
    }

    byte[] input(String name) {
        if (name.endsWith("JsonConverter")) return data.chance(0.97) ? json() : data.chance(0.5) ? null : data.bytes();
        if (data.chance(0.05)) return null;
        if (name.endsWith("StringConverter")) return data.chance(0.7) ? data.text().getBytes(StandardCharsets.UTF_8) : data.bytes();
        int[] usual = {4, 8, 2, 1, 0};
        byte[] bytes = new byte[data.chance(0.8) ? usual[data.upTo(5)] : data.upTo(12)];
        data.random.nextBytes(bytes);
        if (bytes.length == 1 && data.chance(0.7)) bytes[0] = (byte) data.upTo(3);
        return bytes;
    }

    SchemaAndValue output(String name) {
        String[] numbers = {"Integer", "Long", "Short", "Float", "Double", "Boolean", "ByteArray"};
        boolean number = Arrays.stream(numbers).anyMatch(n -> name.endsWith(n + "Converter"));
        Schema schema = data.chance(0.6) ? number && data.chance(0.8) ? data.schema(0) : data.schema(3) : null;
        Object value = schema != null ? data.value(schema) : data.free(number ? 0 : 3);
        if (data.chance(0.05)) value = data.free(1);
        // Texts of maps have the order of the map; that of a hash map is the one that a converter's own would have.
        boolean text = name.endsWith("StringConverter") || name.endsWith("SimpleHeaderConverter");
        return new SchemaAndValue(schema, text ? Data.hashed(value) : value);
    }

    void converters(int count) throws Exception {
        try (PrintWriter out = file("converters")) {
            for (int i = 0; i < count; i++) {
                String name = "org.apache.kafka.connect." + data.pick(CONVERTERS);
                Map<String, String> config = converterConfig(name);
                ObjectNode line = line("converters", i, "converter", name);
                boolean reads = data.chance(0.6);
                line.put("op", reads ? "to_connect" : "from_connect");
                put(line, "config", config);
                byte[] bytes = reads ? input(name) : null;
                SchemaAndValue from = reads ? null : output(name);
                if (bytes != null) Notation.bytes(line, bytes);
                if (from != null) line.set("data", Notation.data(from.schema(), from.value()));
                ObjectNode expect = line.putObject("expect");
                Converter c = (Converter) Class.forName(name).getDeclaredConstructor().newInstance();
                attempt(expect, "configure_error", e -> c.configure(config, false));
                if (expect.isEmpty()) attempt(expect, "error", e -> {
                    if (reads) {
                        read(e, c.toConnectData("t", bytes));
                    } else {
                        written(e, c.fromConnectData("t", from.schema(), from.value()));
                    }
                });
                print(out, line);
            }
        }
    }

    static void read(ObjectNode expect, SchemaAndValue read) {
        if (read == null) read = SchemaAndValue.NULL;
        expect.set("ok", Notation.data(read.schema(), read.value()));
        if (Notation.hashed(read.value())) expect.put("map_order", "undefined");
    }

    static void written(ObjectNode expect, byte[] bytes) {
        if (bytes == null) {
            expect.putNull("ok");
        } else {
            Notation.bytes(expect.putObject("ok"), bytes);
        }
    }

    String headerText() {
        if (data.chance(0.5)) return data.text();
        StringBuilder s = new StringBuilder();
        for (int i = data.upTo(7); i >= 0; i--) {
            s.append(data.pick("{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "null", "true", "1", "1.5", "-3", " ", "300", "\\", "\"", "2023-11-14", "22:13:20.123Z", "2023-11-14T22:13:20.123Z", "abc", "99999999999", "{\"a\":1}", "[1,2]", "0x", "'", "9999999999999999999"));
        }
        return s.toString();
    }

    void headers(int count) throws Exception {
        try (PrintWriter out = file("header_converters")) {
            for (int i = 0; i < count; i++) {
                String name = "org.apache.kafka.connect." + (data.chance(0.6) ? "storage.SimpleHeaderConverter" : data.pick(CONVERTERS));
                boolean simple = name.endsWith("SimpleHeaderConverter");
                Map<String, String> config = converterConfig(name);
                ObjectNode line = line("header_converters", i, "header_converter", name);
                boolean reads = data.chance(0.6);
                line.put("op", reads ? "to_connect" : "from_connect");
                put(line, "config", config);
                byte[] bytes = !reads ? null : simple ? headerText().getBytes(StandardCharsets.UTF_8) : input(name);
                SchemaAndValue from = reads ? null : output(name);
                if (bytes != null) Notation.bytes(line, bytes);
                if (from != null) line.set("data", Notation.data(from.schema(), from.value()));
                ObjectNode expect = line.putObject("expect");
                HeaderConverter c;
                Object made = Class.forName(name).getDeclaredConstructor().newInstance();
                if (!(made instanceof HeaderConverter)) continue;
                c = (HeaderConverter) made;
                Map<String, String> full = new LinkedHashMap<>(config);
                full.put("converter.type", "header");
                attempt(expect, "configure_error", e -> c.configure(full));
                if (expect.isEmpty()) attempt(expect, "error", e -> {
                    if (reads) {
                        read(e, c.toConnectHeader("t", "h", bytes));
                    } else {
                        written(e, c.fromConnectHeader("t", "h", from.schema(), from.value()));
                    }
                });
                print(out, line);
            }
        }
    }

    // ---- properties ----

    void properties(int count) throws Exception {
        try (PrintWriter out = file("properties")) {
            for (int i = 0; i < count; i++) {
                StringBuilder s = new StringBuilder();
                for (int n = data.upTo(18); n >= 0; n--) {
                    s.append(data.pick("a", "b", "key", "=", ":", " ", "\t", "\n", "\r", "\r\n", "\f", "\\", "\\\n", "\\\r\n", "\\u0041", "\\u00e9", "\\u12", "\\t", "\\n", "\\f", "\\z", "#", "!", "# c\n", "é", "😀", "v", "  x", "\\ ", "\\=", "\\:", "\\#", "${env:A}", "\n\n", "\\\\", "\u0000", "\u00a0", "0"));
                }
                ObjectNode line = line("properties", i, "properties", null);
                boolean reader = data.chance(0.5);
                line.put("via", reader ? "reader" : "worker");
                byte[] bytes = s.toString().getBytes(StandardCharsets.UTF_8);
                if (reader) {
                    line.put("text", s.toString());
                } else {
                    line.put("bytes", Notation.base64(bytes));
                }
                attempt(line.putObject("expect"), "error", e -> {
                    Properties p = new Properties();
                    if (reader) {
                        p.load(new java.io.StringReader(s.toString()));
                    } else {
                        p.load(new java.io.ByteArrayInputStream(bytes));
                    }
                    ObjectNode ok = e.putObject("ok");
                    new TreeMap<>(p).forEach((k, v) -> ok.put((String) k, (String) v));
                });
                print(out, line);
            }
        }
    }

    // ---- chains ----

    Map<String, String> chain(SinkRecord record) {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("name", "c");
        config.put("connector.class", "org.apache.kafka.connect.file.FileStreamSinkConnector");
        config.put("topics", "t");
        List<String> aliases = new ArrayList<>(), predicates = new ArrayList<>();
        Map<String, String> more = new LinkedHashMap<>();
        for (int i = data.upTo(3); i > 0; i--) {
            String alias = data.pick("p", "q", "r.s", "p");
            if (predicates.contains(alias) && data.chance(0.9)) continue;
            predicates.add(alias);
            String simple = data.pick(PREDICATES);
            String prefix = "predicates." + alias + ".";
            if (data.chance(0.97)) more.put(prefix + "type", data.chance(0.9) ? TRANSFORMS + "predicates." + simple : data.pick(simple, "no.such.Class", "", TRANSFORMS + "Filter"));
            config(simple, record, false).forEach((k, v) -> more.put(prefix + k, v));
        }
        for (int i = data.upTo(4); i >= 0; i--) {
            String alias = data.chance(0.95) ? data.pick("x", "y", "z", "u", "v.w") : data.pick("predicates", "", "a b", "x");
            if (aliases.contains(alias) && data.chance(0.9)) continue;
            aliases.add(alias);
            boolean sided = data.chance(0.7);
            String simple = sided ? data.pick(WITH_SIDES) : data.pick(WITHOUT);
            boolean key = data.chance(0.2);
            String prefix = "transforms." + alias + ".";
            String name = sided ? simple + (key ? "$Key" : "$Value") : simple;
            if (data.chance(0.98)) more.put(prefix + "type", data.chance(0.93) ? TRANSFORMS + name : data.pick(name, simple, TRANSFORMS + simple, "x", "java.lang.String", ""));
            config(simple, record, key).forEach((k, v) -> more.put(prefix + k, v));
            if (data.chance(0.4)) more.put(prefix + "predicate", predicates.isEmpty() || data.chance(0.05) ? data.pick("p", "zz", "") : predicates.get(data.upTo(predicates.size())));
            maybe(more, 0.2, prefix + "negate", "true", "false", "true", "x", "TRUE");
        }
        config.put("transforms", String.join(data.chance(0.9) ? "," : " , ", aliases));
        if (!predicates.isEmpty() && data.chance(0.98)) config.put("predicates", String.join(",", predicates));
        config.putAll(more);
        return config;
    }

    void chains(int count) throws Exception {
        Plugins plugins = new Plugins(Map.of());
        Thread.currentThread().setContextClassLoader(plugins.delegatingLoader());
        String json = "org.apache.kafka.connect.json.JsonConverter";
        StandaloneConfig worker = new StandaloneConfig(Map.of("bootstrap.servers", "localhost:1", "key.converter", json, "value.converter", json, "offset.storage.file.filename", "/dev/null"));
        ConnectMetrics metrics = new ConnectMetrics("w", worker, org.apache.kafka.common.utils.Time.SYSTEM, "cluster");
        try (PrintWriter out = file("chains")) {
            for (int i = 0; i < count; i++) {
                SinkRecord record = data.record();
                Map<String, String> config = chain(record);
                boolean apply = data.chance(0.6);
                ObjectNode line = line("chains", i, "chain", null);
                line.put("op", apply ? "apply" : "validate");
                put(line, "config", config);
                if (apply) line.set("record", Notation.record(record, null));
                ObjectNode expect = line.putObject("expect");
                if (apply) {
                    List<TransformationStage<SinkRecord>> stages = new ArrayList<>();
                    attempt(expect, "configure_error", e -> stages.addAll(
                        new SinkConnectorConfig(plugins, config).transformationStages(plugins, new ConnectorTaskId("c", 0), metrics)));
                    if (expect.isEmpty()) attempt(expect, "error", e -> {
                        SinkRecord r = record;
                        for (var stage : stages) if (r != null) r = stage.apply(r);
                        result(e, r, record.topic());
                    });
                    // Metrics of equal names would stand in the way of the next.
                    for (var stage : stages) stage.close();
                } else {
                    attempt(expect, "error", e -> validate(e, plugins, config, worker));
                }
                print(out, line);
            }
        }
        metrics.stop();
    }

    static void validate(ObjectNode expect, Plugins plugins, Map<String, String> config, StandaloneConfig worker) {
        ConfigDef base = SinkConnectorConfig.enrichedConfigDef(plugins, config, worker);
        ConfigDef def = SinkConnectorConfig.enrich(plugins, base, config, false);
        Map<String, ConfigValue> validated = def.validateAll(config);
        SinkConnectorConfig.validate(config, validated);
        ObjectNode ok = expect.putObject("ok");
        ObjectNode errors = ok.putObject("errors"), values = ok.putObject("values");
        new TreeMap<>(validated).forEach((key, value) -> {
            if (!value.errorMessages().isEmpty()) {
                var messages = errors.putArray(key);
                value.errorMessages().forEach(messages::add);
            }
            if (key.startsWith("transforms.") || key.startsWith("predicates.")) {
                Object v = value.value();
                values.put(key, v == null ? null : v instanceof Class<?> c ? c.getName() : v.toString());
            }
        });
    }

    // ---- providers ----

    void providers(int count) throws Exception {
        String[] classes = {"FileConfigProvider", "DirectoryConfigProvider", "EnvVarConfigProvider"};
        String[] aliases = {"file", "dir", "env"};
        Map<String, String> files = Map.of("s.properties", "user=alice\npw = p:a=s s \nempty=\n", "d/a", "A\n", "d/b", "", "o/x.properties", "k=${env:HOME_DIR}\n");
        Path dir = Files.createTempDirectory("providers");
        for (var file : new TreeMap<>(files).entrySet()) {
            Files.createDirectories(dir.resolve(file.getKey()).getParent());
            Files.writeString(dir.resolve(file.getKey()), file.getValue());
        }
        Map<String, String> env = new TreeMap<>(Map.of("HOME_DIR", "/h", "A", "x", "EMPTY", ""));
        try (PrintWriter out = file("config_providers")) {
            for (int i = 0; i < count; i++) {
                ObjectNode line = line("config_providers", i, "config_provider", null);
                line.put("op", "resolve");
                ObjectNode made = line.putObject("providers");
                Map<String, org.apache.kafka.common.config.provider.ConfigProvider> providers = new LinkedHashMap<>();
                ObjectNode expect = Notation.NODES.objectNode();
                for (int n = 0; n < 3; n++) {
                    if (data.chance(0.1)) continue;
                    Map<String, String> config = new LinkedHashMap<>();
                    if (n < 2) maybe(config, 0.4, "allowed.paths", "@DIR@", "@DIR@/d", "@DIR@/o,@DIR@/s.properties", "", "relative", "@DIR@/missing", "@DIR@/d/../o", " @DIR@ ");
                    if (n == 2) maybe(config, 0.5, "allowlist.pattern", "A", "A.*", ".*", "a", "(", "", "[A-Z_]+");
                    String name = "org.apache.kafka.common.config.provider." + classes[n];
                    ObjectNode provider = made.putObject(aliases[n]);
                    provider.put("class", name);
                    put(provider, "config", config);
                    if (!expect.isEmpty()) continue;
                    Map<String, String> real = new LinkedHashMap<>();
                    config.forEach((k, v) -> real.put(k, v.replace("@DIR@", dir.toString())));
                    var p = n == 2 ? new org.apache.kafka.common.config.provider.EnvVarConfigProvider(env)
                        : (org.apache.kafka.common.config.provider.ConfigProvider) Class.forName(name).getDeclaredConstructor().newInstance();
                    attempt(expect, "configure_error", e -> p.configure(real));
                    providers.put(aliases[n], p);
                }
                ObjectNode content = line.putObject("files");
                new TreeMap<>(files).forEach(content::put);
                put(line, "env", env);
                Map<String, String> values = new TreeMap<>();
                for (int n = data.upTo(3); n >= 0; n--) {
                    StringBuilder s = new StringBuilder();
                    for (int m = data.upTo(3); m >= 0; m--) {
                        s.append(data.pick("${file:@DIR@/s.properties:user}", "${file:@DIR@/s.properties:pw}", "${file:@DIR@/s.properties:nope}", "${dir:@DIR@/d:a}", "${dir:@DIR@/d:b}", "${dir:@DIR@:d}", "${env:A}", "${env:HOME_DIR}", "${env:NOPE}", "${env::A}", "${env:x:A}", "${file:@DIR@/o/x.properties:k}",
                            "${file:@DIR@/d/../s.properties:user}", "${file:@DIR@/missing:k}", "${", "}", "$", "text", "${nope:a}", "${file:s.properties:user}", "${env:EMPTY}", "${dir:@DIR@/o/:x.properties}", ":", "${file:@DIR@/s.properties:empty}"));
                    }
                    values.put(data.pick("k1", "k2", "k3"), s.toString());
                }
                put(line, "values", values);
                if (expect.isEmpty()) attempt(expect, "error", e -> {
                    Map<String, String> real = new LinkedHashMap<>();
                    values.forEach((k, v) -> real.put(k, v.replace("@DIR@", dir.toString())));
                    var result = new org.apache.kafka.common.config.ConfigTransformer(providers).transform(real);
                    ObjectNode ok = e.putObject("ok");
                    new TreeMap<>(result.data()).forEach(ok::put);
                });
                line.set("expect", expect);
                // Which of several failures comes first depends on the folder's name.
                String asked = values.values().toString();
                long failing = java.util.stream.Stream.of("${file:s.properties:user}", "/missing:k}", "${env:x:A}").filter(asked::contains).count();
                if (failing < 2) out.println(utf8(Notation.JSON.writeValueAsString(line)).replace(dir.toString(), "@DIR@"));
            }
        }
    }
}
