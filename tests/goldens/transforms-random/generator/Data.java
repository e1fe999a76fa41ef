// Random Connect data: schemas, values that fit them, values without schemas, texts.

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.sink.SinkRecord;

final class Data {
    static final String[] NAMES = {"a", "b", "c", "d", "ts", "n", "x.y", "`q`", "a.b", "Ä", ""};
    static final String[] TEXTS = {
        "", " ", "a", "null", "NULL", "true", "TRUE", "tRuE", "false", "0", "-0", "+1", "1", "12", "127", "128", "-129", "300", "70000",
        "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.5", "1.0", "1e3", "1E-7", ".5", "5.", "NaN",
        "Infinity", "-Infinity", "0x10", "1f", "1d", "1L", " 7 ", "\t7", "1_000", "٣", "2023-11-14", "22:13:20.123Z", "2023-11-14T22:13:20.123Z",
        "1969-12-31T23:59:59.999Z", "0000-01-01T00:00:00.000Z", "12345-01-01T00:00:00.000Z", "2023-02-30", "[1,2]", "[1, \"a\", null]", "{\"a\":1}",
        "{}", "[]", "{\"a\": [1, {\"b\": 2.5}]}", "\"quoted\"", "a,b", "a:b", "é😀", "line\nfeed", "tab\t", "\\", "\"", "😀", "3.4028236E38",
        "1.7976931348623159E308", "4.9E-324", "1e400", "123456789012345678901234567890", "0.1", "100", "1E10", "yes", "A\u0000B", "\u2028",
        "1700000000123", "1700000000", "-1", "2023-11-14 22:13:20", "14/Nov/2023", "Tue, 14 Nov 2023 22:13:20 GMT",
    };
    static final long[] INSTANTS = {
        0, 1, -1, 1700000000123L, -1000, 951782400000L, 253402300799999L, 253402300800000L, -62135596800000L, -62135596800001L,
        -62167219200000L, -62198755200000L, -12219292800000L, -12219292800001L, 1711846800000L, 1711846799999L, 86399999, 86400000, -86400000, -86400001,
        4102444800000L, 32503680000000L, 9223372036854L, -99999999999999L, 1667091600000L, 253402214400000L, 31556889864403199L,
    };

    final Random random;

    Data(Random random) {
        this.random = random;
    }

    boolean chance(double p) {
        return random.nextDouble() < p;
    }

    int upTo(int n) {
        return random.nextInt(n);
    }

    @SafeVarargs
    final <T> T pick(T... of) {
        return of[random.nextInt(of.length)];
    }

    String text() {
        if (chance(0.7)) return pick(TEXTS);
        StringBuilder s = new StringBuilder();
        for (int i = upTo(6); i >= 0; i--) s.append(pick("a", "B", "0", "9", ".", "-", "+", "e", "E", " ", ":", ",", "[", "]", "{", "}", "\"", "\\", "T", "Z", "_", "é", "😀", "\n", "/"));
        return s.toString();
    }

    long instant() {
        if (chance(0.6)) return INSTANTS[upTo(INSTANTS.length)];
        return (random.nextLong() >> 20) / (chance(0.5) ? 1 : 1000);
    }

    // Java 17 prints some floats longer than need be; later ones do not.
    double number() {
        double d = anyNumber();
        return shortest(Double.toString(d), s -> Double.parseDouble(s) == d) ? d : number();
    }

    float smallNumber() {
        float f = (float) anyNumber();
        return shortest(Float.toString(f), s -> Float.parseFloat(s) == f) ? f : smallNumber();
    }

    static boolean shortest(String text, java.util.function.Predicate<String> same) {
        if (text.endsWith("y") || text.equals("NaN")) return true;
        BigDecimal exact = new BigDecimal(text);
        int digits = exact.stripTrailingZeros().precision();
        return digits < 2 || !same.test(exact.round(new java.math.MathContext(digits - 1)).toString())
            && !same.test(exact.round(new java.math.MathContext(digits - 1, java.math.RoundingMode.DOWN)).toString())
            && !same.test(exact.round(new java.math.MathContext(digits - 1, java.math.RoundingMode.UP)).toString());
    }

    double anyNumber() {
        return switch (upTo(8)) {
            case 0 -> Double.NaN;
            case 1 -> chance(0.5) ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            case 2 -> pick(0.0, -0.0, 1.0, -1.5, 1e7, 1e-3, 9999999.0, 1.0E-4, 0.1, 123456789.125, 9.223372036854775807E18, 2147483648.0, -2147483649.0, 1e21, 1e300, 4.9e-324);
            case 3 -> random.nextInt(2000) - 1000;
            case 4 -> (random.nextInt(2000) - 1000) / 8.0;
            default -> Double.longBitsToDouble(random.nextLong());
        };
    }

    BigInteger big() {
        return switch (upTo(4)) {
            case 0 -> BigInteger.valueOf(random.nextInt(300) - 150);
            case 1 -> BigInteger.valueOf(random.nextLong());
            case 2 -> BigInteger.ZERO;
            default -> new BigInteger(90, random).subtract(BigInteger.ONE.shiftLeft(89));
        };
    }

    byte[] bytes() {
        byte[] bytes = new byte[upTo(6)];
        random.nextBytes(bytes);
        return bytes;
    }

    // ---- with schemas ----

    Schema schema(int depth) {
        Schema bare = bareSchema(depth);
        SchemaBuilder builder = copy(bare);
        if (chance(0.4)) builder.optional();
        if (chance(0.15)) {
            if (bare.name() == null) {
                if (chance(0.7)) builder.name(pick("n", "com.x.Y"));
                if (chance(0.5)) builder.version(upTo(4));
            }
            if (chance(0.5)) builder.doc(pick("", "doc"));
            if (chance(0.4) && bare.parameters() == null) builder.parameter("p", "q");
        }
        if (chance(0.2) && bare.type() != Schema.Type.STRUCT) {
            Object value = required(bare);
            if (value != null) builder.defaultValue(value);
        }
        return builder.build();
    }

    SchemaBuilder copy(Schema s) {
        SchemaBuilder builder = switch (s.type()) {
            case ARRAY -> SchemaBuilder.array(s.valueSchema());
            case MAP -> SchemaBuilder.map(s.keySchema(), s.valueSchema());
            default -> SchemaBuilder.type(s.type());
        };
        if (s.name() != null) builder.name(s.name());
        if (s.version() != null) builder.version(s.version());
        if (s.parameters() != null) builder.parameters(s.parameters());
        if (s.type() == Schema.Type.STRUCT) for (Field f : s.fields()) builder.field(f.name(), f.schema());
        return builder;
    }

    Schema bareSchema(int depth) {
        switch (upTo(depth > 0 ? 19 : 14)) {
            case 0: return Schema.INT8_SCHEMA;
            case 1: return Schema.INT16_SCHEMA;
            case 2: return Schema.INT32_SCHEMA;
            case 3: return Schema.INT64_SCHEMA;
            case 4: return Schema.FLOAT32_SCHEMA;
            case 5: return Schema.FLOAT64_SCHEMA;
            case 6: return Schema.BOOLEAN_SCHEMA;
            case 7: case 8: return Schema.STRING_SCHEMA;
            case 9: return Schema.BYTES_SCHEMA;
            case 10: return Decimal.schema(pick(0, 2, 5, -3, 12));
            case 11: return org.apache.kafka.connect.data.Date.SCHEMA;
            case 12: return Time.SCHEMA;
            case 13: return Timestamp.SCHEMA;
            case 14: return SchemaBuilder.array(schema(depth - 1)).build();
            case 15: return SchemaBuilder.map(chance(0.7) ? Schema.STRING_SCHEMA : pick(Schema.INT32_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, Schema.BOOLEAN_SCHEMA), schema(depth - 1)).build();
            default: return structSchema(depth);
        }
    }

    Schema structSchema(int depth) {
        SchemaBuilder builder = SchemaBuilder.struct();
        for (int i = upTo(6); i >= 0; i--) {
            String name = pick(NAMES);
            if (builder.field(name) == null && !name.isEmpty()) builder.field(name, schema(depth - 1));
        }
        return builder.build();
    }

    Object value(Schema s) {
        if (s == null) return free(2);
        return s.isOptional() && chance(0.25) ? null : required(s);
    }

    Object required(Schema s) {
        String name = s.name() == null ? "" : s.name();
        if (name.equals(Decimal.LOGICAL_NAME)) return new BigDecimal(big(), Integer.parseInt(s.parameters().get("scale")));
        if (name.equals(org.apache.kafka.connect.data.Date.LOGICAL_NAME)) {
            return new Date(Math.floorDiv(instant(), Notation.DAY) % 100_000_000L * Notation.DAY);
        }
        if (name.equals(Time.LOGICAL_NAME)) return new Date(Math.floorMod(instant(), Notation.DAY));
        if (name.equals(Timestamp.LOGICAL_NAME)) return new Date(instant());
        return switch (s.type()) {
            case INT8 -> (byte) random.nextInt();
            case INT16 -> (short) random.nextInt();
            case INT32 -> chance(0.5) ? random.nextInt() : random.nextInt(300);
            case INT64 -> chance(0.4) ? random.nextLong() : instant();
            case FLOAT32 -> smallNumber();
            case FLOAT64 -> number();
            case BOOLEAN -> random.nextBoolean();
            case STRING -> text();
            case BYTES -> bytes();
            case ARRAY -> {
                List<Object> items = new ArrayList<>();
                for (int i = upTo(4); i > 0; i--) items.add(value(s.valueSchema()));
                yield items;
            }
            case MAP -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int i = upTo(4); i > 0; i--) map.put(value(s.keySchema()), value(s.valueSchema()));
                yield map;
            }
            case STRUCT -> {
                Struct struct = new Struct(s);
                for (Field f : s.fields()) {
                    boolean unset = f.schema().defaultValue() != null && chance(0.2);
                    Object value = unset ? null : value(f.schema());
                    if (value != null) struct.put(f, value);
                }
                yield struct;
            }
        };
    }

    // ---- without ----

    Object free(int depth) {
        switch (upTo(depth > 0 ? 20 : 15)) {
            case 0: return null;
            case 1: return random.nextBoolean();
            case 2: return (byte) random.nextInt();
            case 3: return (short) random.nextInt();
            case 4: return random.nextInt();
            case 5: case 6: return chance(0.5) ? instant() : random.nextInt(300);
            case 7: return smallNumber();
            case 8: return number();
            case 9: return new BigDecimal(big(), upTo(20) - 6);
            case 10: return big();
            case 11: return bytes();
            case 12: return new Date(instant());
            case 13: case 14: return text();
            case 15: case 16: {
                List<Object> items = new ArrayList<>();
                for (int i = upTo(4); i > 0; i--) items.add(free(depth - 1));
                return items;
            }
            default: return freeMap(depth);
        }
    }

    Map<Object, Object> freeMap(int depth) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = upTo(6); i > 0; i--) map.put(chance(0.97) ? pick(NAMES) : free(0), free(depth - 1));
        return map;
    }

    static Object hashed(Object value) {
        if (value instanceof List<?> list) {
            List<Object> items = new ArrayList<>();
            list.forEach(item -> items.add(hashed(item)));
            return items;
        }
        if (value instanceof Struct struct) {
            Struct copy = new Struct(struct.schema());
            for (Field f : struct.schema().fields()) {
                if (struct.getWithoutDefault(f.name()) != null) copy.put(f, hashed(struct.getWithoutDefault(f.name())));
            }
            return copy;
        }
        if (!(value instanceof Map<?, ?> map)) return value;
        Map<Object, Object> hashed = new java.util.HashMap<>();
        map.forEach((k, v) -> hashed.put(hashed(k), hashed(v)));
        return hashed;
    }

    // ---- records ----

    SinkRecord record() {
        Schema keySchema = null, valueSchema = null;
        Object key = null, value = null;
        if (chance(0.5)) {
            keySchema = chance(0.6) ? outer() : schema(1);
            key = value(keySchema);
        } else if (chance(0.8)) key = chance(0.6) ? freeMap(2) : free(1);
        if (chance(0.5)) {
            valueSchema = chance(0.8) ? outer() : schema(2);
            value = value(valueSchema);
        } else if (chance(0.9)) value = chance(0.8) ? freeMap(3) : free(2);
        ConnectHeaders headers = new ConnectHeaders();
        for (int i = upTo(4); i > 1; i--) {
            Schema s = chance(0.6) ? schema(1) : null;
            headers.add(pick(NAMES), value(s), s);
        }
        Long timestamp = chance(0.9) ? Long.valueOf(chance(0.5) ? 1700000000123L : instant()) : null;
        TimestampType type = timestamp == null ? TimestampType.NO_TIMESTAMP_TYPE : pick(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME);
        String topic = pick("t", "t", "orders-2023", "db.public.users", "a.b.c", "x_1-y", "prefix.t");
        return new SinkRecord(topic, upTo(3), keySchema, key, valueSchema, value, upTo(1000), timestamp, type, headers);
    }

    Schema outer() {
        SchemaBuilder builder = copy(structSchema(2));
        if (chance(0.3)) builder.optional();
        if (chance(0.3)) builder.name("com.x.Outer");
        if (chance(0.2)) builder.version(3);
        if (chance(0.1)) builder.doc("doc").parameter("p", "q");
        return builder.build();
    }
}
