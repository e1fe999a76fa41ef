// Connect data, records and exceptions in the notation of the vectors (see ../../transforms/README.md).

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.sink.SinkRecord;

final class Notation {
    static final ObjectMapper JSON = new ObjectMapper();
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    static final long DAY = 86_400_000;

    static ObjectNode data(Schema schema, Object value) {
        ObjectNode node = NODES.objectNode();
        node.set("schema", schema(schema));
        node.set("payload", payload(schema, value));
        return node;
    }

    static JsonNode schema(Schema s) {
        if (s == null) return NODES.nullNode();
        ObjectNode node = NODES.objectNode();
        node.put("type", switch (s.type()) {
            case FLOAT32 -> "float";
            case FLOAT64 -> "double";
            default -> s.type().name().toLowerCase();
        });
        node.put("optional", s.isOptional());
        if (s.name() != null) node.put("name", s.name());
        if (s.version() != null) node.put("version", s.version());
        if (s.doc() != null) node.put("doc", s.doc());
        if (s.parameters() != null && !s.parameters().isEmpty()) {
            ObjectNode parameters = node.putObject("parameters");
            new TreeMap<>(s.parameters()).forEach(parameters::put);
        }
        switch (s.type()) {
            case ARRAY -> node.set("items", schema(s.valueSchema()));
            case MAP -> {
                node.set("keys", schema(s.keySchema()));
                node.set("values", schema(s.valueSchema()));
            }
            case STRUCT -> {
                ArrayNode fields = node.putArray("fields");
                for (Field f : s.fields()) {
                    ObjectNode field = NODES.objectNode();
                    field.put("field", f.name());
                    field.setAll((ObjectNode) schema(f.schema()));
                    fields.add(field);
                }
            }
            default -> { }
        }
        if (s.defaultValue() != null) node.set("default", payload(s, s.defaultValue()));
        return node;
    }

    static JsonNode payload(Schema s, Object value) {
        if (s == null) return free(value);
        if (value == null) return NODES.nullNode();
        JsonNode fitting = fitting(s, value);
        return fitting != null ? fitting : NODES.objectNode().set("$raw", free(value));
    }

    // null: the value is not what the schema says.
    static JsonNode fitting(Schema s, Object value) {
        if (Decimal.LOGICAL_NAME.equals(s.name())) {
            if (!(value instanceof BigDecimal d)) return null;
            String scale = s.parameters() == null ? null : s.parameters().get("scale");
            if (scale != null && scale.equals("" + d.scale())) return NODES.textNode(base64(d.unscaledValue().toByteArray()));
            return decimal(d);
        }
        if (org.apache.kafka.connect.data.Date.LOGICAL_NAME.equals(s.name())) {
            return value instanceof Date d && d.getTime() % DAY == 0 ? NODES.numberNode(d.getTime() / DAY) : null;
        }
        if (Time.LOGICAL_NAME.equals(s.name()) || Timestamp.LOGICAL_NAME.equals(s.name())) {
            return value instanceof Date d ? NODES.numberNode(d.getTime()) : null;
        }
        switch (s.type()) {
            case INT8: return value instanceof Byte n ? NODES.numberNode((int) n) : null;
            case INT16: return value instanceof Short n ? NODES.numberNode((int) n) : null;
            case INT32: return value instanceof Integer n ? NODES.numberNode(n) : null;
            case INT64: return value instanceof Long n ? NODES.numberNode(n) : null;
            case FLOAT32: return value instanceof Float n ? floating(n) : null;
            case FLOAT64: return value instanceof Double n ? floating(n) : null;
            case BOOLEAN: return value instanceof Boolean b ? NODES.booleanNode(b) : null;
            case STRING: return value instanceof String t ? NODES.textNode(t) : null;
            case BYTES:
                if (value instanceof byte[] bytes) return NODES.textNode(base64(bytes));
                return value instanceof ByteBuffer b ? NODES.textNode(base64(b.array())) : null;
            case ARRAY: {
                if (!(value instanceof List<?> list)) return null;
                ArrayNode items = NODES.arrayNode();
                list.forEach(item -> items.add(payload(s.valueSchema(), item)));
                return items;
            }
            case MAP: {
                if (!(value instanceof Map<?, ?> map)) return null;
                boolean texts = s.keySchema() != null && s.keySchema().type() == Schema.Type.STRING
                    && map.keySet().stream().allMatch(k -> k instanceof String t && !t.startsWith("$"));
                if (!texts) {
                    ArrayNode pairs = NODES.arrayNode();
                    map.forEach((k, v) -> pairs.addArray().add(payload(s.keySchema(), k)).add(payload(s.valueSchema(), v)));
                    return pairs;
                }
                ObjectNode members = NODES.objectNode();
                map.forEach((k, v) -> members.set((String) k, payload(s.valueSchema(), v)));
                return members;
            }
            default: {
                if (!(value instanceof Struct struct) || !struct.schema().equals(s)) return null;
                ObjectNode members = NODES.objectNode();
                for (Field f : s.fields()) members.set(f.name(), payload(f.schema(), struct.getWithoutDefault(f.name())));
                return members;
            }
        }
    }

    static JsonNode floating(Number n) {
        double d = n.doubleValue();
        if (Double.isNaN(d) || Double.isInfinite(d)) return NODES.textNode("" + n);
        return n instanceof Float f ? NODES.numberNode(f) : NODES.numberNode(d);
    }

    static JsonNode decimal(BigDecimal d) {
        ObjectNode node = NODES.objectNode();
        node.putArray("$decimal").add(d.unscaledValue().toString()).add(d.scale());
        return node;
    }

    static JsonNode free(Object value) {
        if (value == null) return NODES.nullNode();
        if (value instanceof String s) return NODES.textNode(s);
        if (value instanceof Boolean b) return NODES.booleanNode(b);
        if (value instanceof Long n) return NODES.numberNode(n);
        ObjectNode node = NODES.objectNode();
        if (value instanceof Byte n) return node.put("$int8", (int) n);
        if (value instanceof Short n) return node.put("$int16", (int) n);
        if (value instanceof Integer n) return node.put("$int32", n);
        if (value instanceof Float n) return node.set("$float32", floating(n));
        if (value instanceof Double n) return Double.isFinite(n) ? NODES.numberNode(n) : node.put("$float64", n.toString());
        if (value instanceof BigInteger n) return node.put("$bigint", n.toString());
        if (value instanceof BigDecimal n) return decimal(n);
        if (value instanceof Date d) return node.put("$timestamp", d.getTime());
        if (value instanceof byte[] b) return node.put("$bytes", base64(b));
        if (value instanceof ByteBuffer b) return node.put("$bytes", base64(b.array()));
        if (value instanceof Struct s) return node.set("$struct", data(s.schema(), s));
        if (value instanceof List<?> list) {
            ArrayNode items = NODES.arrayNode();
            list.forEach(item -> items.add(free(item)));
            return items;
        }
        if (value instanceof Map<?, ?> map) {
            boolean plain = map.keySet().stream().allMatch(k -> k instanceof String)
                && !(map.size() == 1 && ((String) map.keySet().iterator().next()).startsWith("$"));
            if (plain) {
                map.forEach((k, v) -> node.set((String) k, free(v)));
                return node;
            }
            ArrayNode pairs = node.putArray("$map");
            map.forEach((k, v) -> pairs.addArray().add(free(k)).add(free(v)));
            return node;
        }
        throw new IllegalArgumentException(value.getClass().getName());
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    static ObjectNode record(SinkRecord r, String originalTopic) {
        ObjectNode node = NODES.objectNode();
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
        if (originalTopic != null && !originalTopic.equals(r.topic())) node.put("originalTopic", originalTopic);
        return node;
    }

    // Bytes as text where they are UTF-8.
    static void bytes(ObjectNode node, byte[] bytes) {
        try {
            node.put("text", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            node.put("bytes", base64(bytes));
        }
    }

    // A hash map of several members, whose order is an accident.
    static boolean hashed(Object value) {
        if (value instanceof Map<?, ?> map) {
            boolean here = map.size() > 1 && map.getClass() == HashMap.class;
            return here || map.values().stream().anyMatch(Notation::hashed) || map.keySet().stream().anyMatch(Notation::hashed);
        }
        if (value instanceof List<?> list) return list.stream().anyMatch(Notation::hashed);
        if (value instanceof Struct s) {
            return s.schema().fields().stream().anyMatch(f -> hashed(s.getWithoutDefault(f.name())));
        }
        return false;
    }

    static final String[] OF_THE_JVM = {
        "java.util.LinkedHashMap", "java.util.ArrayList", "java.util.HashMap", "java.util.Arrays", "java.util.Collections",
        "java.util.ImmutableCollections", "[B", "HeapByteBuffer", "cannot be cast", "Cannot invoke", "com.fasterxml", "near index",
        "fromIndex", "java.util.UUID", "@", "out of bounds", "Cannot read",
    };

    static void error(ObjectNode node, Throwable e) {
        node.put("class", e.getClass().getName());
        node.put("message", e.getMessage());
        if (e.getCause() != null) {
            ObjectNode cause = node.putObject("cause");
            cause.put("class", e.getCause().getClass().getName());
            cause.put("message", e.getCause().getMessage());
        }
        String said = "" + e.getMessage();
        boolean jvm = e instanceof NullPointerException || e instanceof ClassCastException || e instanceof IndexOutOfBoundsException;
        for (String of : OF_THE_JVM) jvm |= said.contains(of);
        if (jvm) node.put("jvm_text", true);
    }
}
