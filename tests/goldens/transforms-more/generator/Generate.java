// Records what Apache Kafka Connect's own transformations make of date patterns, regular expressions, field paths and
// number texts. See README.md beside this file. Two runs give identical files.

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

public class Generate {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String PACKAGE = "org.apache.kafka.connect.transforms.";

    final String file;
    final PrintWriter out;
    final Map<String, Integer> numbers = new HashMap<>();

    Generate(Path folder, String file) throws Exception {
        this.file = file;
        this.out = new PrintWriter(Files.newBufferedWriter(folder.resolve(file + ".jsonl")));
    }

    // A class, its configuration and one record; the outcome goes to the file.
    void record(String name, String className, Map<String, String> config, SinkRecord record, boolean jvmText) throws Exception {
        int number = numbers.merge(name, 1, Integer::sum);
        ObjectNode line = JSON.createObjectNode();
        boolean predicate = className.startsWith("predicates.");
        line.put("id", file + "/" + name + "_" + number);
        line.put("kind", predicate ? "predicate" : "transform");
        line.put("class", PACKAGE + className);
        ObjectNode keys = line.putObject("config");
        config.forEach(keys::put);
        line.set("record", recordJson(record, null));
        ObjectNode expect = line.putObject("expect");
        Object plugin = Class.forName(PACKAGE + className).getDeclaredConstructor().newInstance();
        try {
            if (predicate) {
                ((Predicate<?>) plugin).configure(config);
            } else {
                ((Transformation<?>) plugin).configure(config);
            }
        } catch (Throwable e) {
            error(expect.putObject("configure_error"), e, jvmText);
            out.println(JSON.writeValueAsString(line));
            return;
        }
        try {
            if (predicate) {
                @SuppressWarnings("unchecked")
                Predicate<SinkRecord> p = (Predicate<SinkRecord>) plugin;
                expect.put("ok", p.test(record));
            } else {
                @SuppressWarnings("unchecked")
                Transformation<SinkRecord> t = (Transformation<SinkRecord>) plugin;
                SinkRecord result = t.apply(record);
                if (result == null) {
                    expect.putNull("ok");
                } else {
                    expect.set("ok", recordJson(result, record.topic()));
                }
            }
        } catch (Throwable e) {
            error(expect.putObject("error"), e, false);
        }
        out.println(JSON.writeValueAsString(line));
    }

    static void error(ObjectNode node, Throwable e, boolean jvmText) {
        node.put("class", e.getClass().getName());
        node.put("message", e.getMessage());
        if (e.getCause() != null) {
            ObjectNode cause = node.putObject("cause");
            cause.put("class", e.getCause().getClass().getName());
            cause.put("message", e.getCause().getMessage());
        }
        if (jvmText) {
            node.put("jvm_text", true);
        }
    }

    static ObjectNode recordJson(SinkRecord r, String originalTopic) {
        ObjectNode node = JSON.createObjectNode();
        node.put("topic", r.topic());
        node.put("partition", r.kafkaPartition());
        node.put("offset", r.kafkaOffset());
        node.put("timestamp", r.timestamp());
        node.put("timestampType", r.timestampType().toString());
        node.set("key", free(r.key()));
        node.set("value", free(r.value()));
        ArrayNode headers = node.putArray("headers");
        r.headers().forEach(h -> {
            ObjectNode header = headers.addObject();
            header.put("key", h.key());
            header.putNull("schema");
            header.set("value", json(h.value()));
        });
        if (originalTopic != null && !originalTopic.equals(r.topic())) {
            node.put("originalTopic", originalTopic);
        }
        return node;
    }

    static ObjectNode free(Object value) {
        ObjectNode node = JSON.createObjectNode();
        node.putNull("schema");
        node.set("payload", json(value));
        return node;
    }

    // The notation of the vectors for values without a schema.
    static com.fasterxml.jackson.databind.JsonNode json(Object value) {
        if (value == null) return JSON.nullNode();
        if (value instanceof String s) return JSON.getNodeFactory().textNode(s);
        if (value instanceof Long n) return JSON.getNodeFactory().numberNode(n);
        if (value instanceof Boolean b) return JSON.getNodeFactory().booleanNode(b);
        ObjectNode node = JSON.createObjectNode();
        if (value instanceof Byte n) return node.put("$int8", n);
        if (value instanceof Short n) return node.put("$int16", n);
        if (value instanceof Integer n) return node.put("$int32", n);
        if (value instanceof Date d) return node.put("$timestamp", d.getTime());
        if (value instanceof Double d) {
            if (Double.isNaN(d) || Double.isInfinite(d)) return node.put("$float64", d.toString());
            return JSON.getNodeFactory().numberNode(d);
        }
        if (value instanceof Float f) {
            if (Float.isNaN(f) || Float.isInfinite(f)) return node.put("$float32", f.toString());
            return node.put("$float32", f);
        }
        if (value instanceof Map<?, ?> map) {
            map.forEach((k, v) -> node.set((String) k, json(v)));
            return node;
        }
        throw new IllegalArgumentException(value.getClass().getName());
    }

    static SinkRecord record(String topic, Object value, Long timestamp) {
        return new SinkRecord(topic, 0, null, null, null, value, 7, timestamp, TimestampType.CREATE_TIME);
    }

    static Map<String, String> config(String... entries) {
        Map<String, String> config = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) config.put(entries[i], entries[i + 1]);
        return config;
    }

    // ---- date patterns ----

    static final String[] WRITTEN = {
        "yyyy-MM-dd'T'HH:mm:ss.SSSZ", "yy-M-d H:m:s.S", "yyy y Y YY YYYY", "G GGGG yyyyy", "MMMM MMM MM M", "LLLL LLL LL L",
        "EEEE EEE E u uu", "D DDD F w ww W", "a aaaa K KK h hh k kk H", "z zzzz Z X XX XXX", "''yyyy'' 'it''s' 'T'",
        "yyyyMMddHHmmssSSS", "YYYY-'W'ww-u", "SSSSSS S", "dd/MMM/yyyy:HH:mm:ss Z", "EEE, d MMM yyyy HH:mm:ss z",
        "h:mm a", "yyyy.MM.dd G 'at' HH:mm:ss z", "'day' D 'week' w/W", "ééé", "yyyy年MM月dd日",
    };
    static final long[] INSTANTS = {
        0, 1700000000123L, -1, 951782400000L, 1703980800000L, 1704067199999L, 1735603200000L, -62135596800000L, -62135596800001L,
        -12219292800000L, -12219292800001L, 253402300799999L, 4102444800000L, -99999999999999L, 43200000, 86399999,
    };

    static final String[] READ = {
        "yyyy-MM-dd", "yyyyMMdd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ssXXX", "yy/MM/dd", "d MMM yyyy",
        "EEE, d MMM yyyy HH:mm:ss Z", "MMMM d, yyyy h:mm a", "yyyyMMddHHmmssSSS", "YYYY-'W'ww-u", "yyyy D", "yyyy-MM W E", "yyyy MM F E",
        "HH:mm z", "h a", "K:mm a", "kk:mm", "yyyy w", "yyyy w E", "G yyyy", "dMMMyy", "HHmm", "ss.SSS", "yyyy'T'MM", "M", "E", "a", "X", "XX", "u", "D", "W", "F",
        "yyyy-MM-dd HH:mm:ss zzzz", "'x'yyyy", "y", "YYYY", "YYYY u", "Y w", "MMd", "MMMd", "Hmm", "dd MMMM", "LLL yyyy", "yyyy-MM-dd a HH", "yyyy MM dd w E",
    };
    static final String[] TEXTS = {
        "2023-11-14", "20231114", "2023-11-14 22:13:20", "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20+01:00", "2023-11-14T22:13:20.5-0830",
        "2023-13-45", "2023-1-2", "-5-1-1", "99/12/31", "05/1/2", "123/1/1", "14 Nov 2023", "14 november 2023", "14 NOV 2023x", " 14 Nov 2023",
        "Tue, 14 Nov 2023 22:13:20 +0100", "Mon, 14 Nov 2023 22:13:20 GMT", "November 14, 2023 10:13 PM", "nov 14, 2023 12:00 am", "20231114221320123",
        "2023-W46-2", "2023-W01-7", "2023-W00-9", "2023 320", "2023 0", "2023-11 3 Tue", "2023 11 2 Tue", "2023 11 -1 Tue",
        "10:00 PST", "10:00 pdt", "10:00 GMT+1:00", "10:00 GMT", "10:00 +0130", "10:00 Pacific Standard Time", "10:00 CEST", "10:00 UTC", "10:00 XYZ", "10:00 Z",
        "12 AM", "12 pm", "0:30 PM", "24:15", "2023 46", "2023 46 Sat", "BC 44", "AD 2023", "Anno Domini 5", "14Nov23", "2213", "20.5", "20.5678",
        "2023T11", "12", "-3", "0", "Tue", "Tuesday", "AM", "Z", "+01", "-0130", "+1", "7", "9", "2E3", "1.5E1", "NaN", "∞", "٢٠٢٣-١١-١٤", "", " ", "x", "x2023", "  2023",
        "2023-11-14 PM 3", "99999999999", "9223372036854775808", "2147483648", "2023 11 14 5 Sat", "114", "Nov14", "1582-10-10", "1582-10-15", "1500-02-29", "0000-01-01",
        "2023-11-14 22:13:20 Central European Time", "2023-11-14 22:13:20 Eastern Daylight Time", "14 November", "Nov 2023",
    };

    static void dates(Path folder, int failing) throws Exception {
        Generate write = new Generate(folder, "date_format");
        for (String pattern : WRITTEN) {
            for (long instant : INSTANTS) {
                write.record("write", "TimestampConverter$Value", config("target.type", "string", "format", pattern),
                    record("t", new Date(instant), 1L), false);
            }
        }
        for (String pattern : List.of("yyyyMMdd", "yyyy-'Q'MM", "''", "XXXX", "b", "yyyy'", "n", "yyyy-MM-dd'T'HH", "YYYYww")) {
            write.record("router", "TimestampRouter", config("timestamp.format", pattern), record("t", 1L, 1700000000123L), false);
            write.record("configure", "TimestampConverter$Key", config("target.type", "string", "format", pattern), record("t", 1L, 1L), false);
        }
        SinkRecord bare = record("t", Map.of("a", 1L), null);
        bare.headers().add("h", "x", null).add("i", 5L, null);
        write.record("router_text", "TimestampRouter", config(), bare, false);
        write.out.close();
        Generate read = new Generate(folder, "date_parse");
        for (String pattern : READ) {
            for (String text : TEXTS) {
                // Most texts say nothing to most patterns; of those that fail, a few will do.
                boolean ok = parses(pattern, text);
                // Where days of the week carry absurd numbers, Java's calendar overflows inside.
                boolean absurd = text.matches("[0-9]{10,}|∞") && (pattern.startsWith("YYYY") || pattern.equals("u"));
                if (!absurd && (ok || Math.floorMod((pattern + text).hashCode(), failing) == 0)) {
                    read.record("read", "TimestampConverter$Value", config("target.type", "unix", "format", pattern), record("t", text, 1L), false);
                }
            }
        }
        read.out.close();
    }

    static boolean parses(String pattern, String text) {
        try {
            return new java.text.SimpleDateFormat(pattern).parse(text) != null;
        } catch (java.text.ParseException e) {
            return false;
        }
    }

    // ---- regular expressions ----

    static final String[] REGEXES = {
        "orders", "(?!__).*", "(?!__)[a-z.]+", "(.*)\\.(.*)", "(?<db>[^.]+)\\.(?<t>.*)", "(a)(b)?c", "a|ab", "(a|b)+", "a*+a", "a*+b", "(?>a*)b", "(\\w+)-\\1", "(\\w+)-\\k<1>",
        "(?i)ORDERS", "(?iu)É.*", "(?i)é", "[a-z&&[^bc]]+", "[a-z&&[def]]", "[^a&&b]", "[]a]+", "[a-]+", "[-a]+", "[a\\-z]+", "[\\w.-]+", "[[a-c][x-z]]+", "[a&b]+", "[&&a]",
        "\\p{Alpha}+", "\\p{Lower}\\p{Upper}*", "(?i)\\p{Lower}+", "\\p{javaLowerCase}+", "\\p{IsAlphabetic}+", "\\p{L}+", "\\pL+", "\\P{L}+", "\\p{IsLatin}+", "\\p{Lu}\\p{Ll}+", "(?i)\\p{Lu}+", "\\p{Punct}+", "\\p{IsPunctuation}+",
        "\\d+", "(?U)\\d+", "\\D+", "\\w+", "\\W+", "\\s*a\\s*", "\\S+", "\\h+", "\\v+", "\\R", "\\x61\\u0062\\0143", "\\x{61}+", "\\cA", "\\Qa.b\\E.*", "\\Qa.b", "[\\Q^]\\E]+", "\\.", "a\\-b", "a{2}", "a{2,}", "a{1,2}?", "a{2}+", "a{,2}",
        "^a$", "a$", "a\\Z", "a\\z", "(?m)^a$", "(?s)a.b", "a.b", "(?d)a.b", "(?x) a b # c", "(?x)[a b]+", "\\ba\\b", "a(?=b)b", "a(?<=a)b", "(?<!a)b", "(?<=a{1,2})b", "x*", "", "(", ")", "[", "a**", "*a", "(?<1a>x)", "\\q", "\\", "(?z)a", "a{2,1}", "[z-a]", "\\p{Foo}", "\\k<x>",
        "(?:a|b)c", "(a)?b", "((a)|b)+", "(?i:a)b", "a(?i)b|c", "(?-i)a", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)\\11", "(a)\\2", "[0-9]{4}-[0-9]{2}", "dev\\.(.+)", ".*-(\\d+)", "(?:[^.]*\\.){2}(.*)", "[\\p{L}&&[^\\p{Lu}]]+", "[^\\d]+", "[\\D]+", "[a-f[0-9]&&[^3]]+", "\\t", "[\\t\\x20]+", "}", "]", "a}", "[.]", "é+", "😀", "[😀-😂]", "a\\r$\\n", "a$\\r\\n", "a\\r\\Z\\n", "(?m)a\\r$\\n", "(?m)a\\r\\n^b?", "(?m)a\\n^b", "(?d)a\\r$\\n",
    };
    static final String[] TOPICS = {
        "orders", "ORDERS", "__internal", "db.table", "db.schema.table", "a", "b", "ab", "abc", "aaa", "aa", "aab", "x-x", "x-y", "é", "École", "abcdefghijk", "abcdefghijkk", "2023-11", "dev.orders", "t-12", "a\n", "a\nb", "a\r\n", "a b", "a.b", "a.bc", "^]", "", "😀", "123", "١٢", "a-z", "Ab", "}", "]", "K", "a\u0085", "\t", "[",
    };

    static void regexes(Path folder, int failing) throws Exception {
        Generate out = new Generate(folder, "regex");
        for (String regex : REGEXES) {
            boolean compiles = true;
            try {
                java.util.regex.Pattern.compile(regex);
            } catch (IllegalArgumentException e) {
                compiles = false;
            }
            for (String topic : TOPICS) {
                boolean matches = compiles && java.util.regex.Pattern.matches(regex, topic);
                if (matches) {
                    out.record("router", "RegexRouter", config("regex", regex, "replacement", "<$0>"), record(topic, 1L, 1L), true);
                }
                // Line ends are few, so all of their pairs are kept.
                boolean lineEnd = topic.contains("\n") && regex.contains("a") && !regex.contains("[");
                if (!matches && (lineEnd || Math.floorMod((regex + topic).hashCode(), failing) == 0)) {
                    out.record("matches", "predicates.TopicNameMatches", config("pattern", regex), record(topic, 1L, 1L), true);
                }
                if (!compiles) break;
            }
            if (!compiles) out.record("refused", "RegexRouter", config("regex", regex, "replacement", ""), record("a", 1L, 1L), true);
        }
        String[] replacements = {
            "$1", "$2", "$12", "$3", "$10", "${db}", "${t}-${db}", "${x}", "${", "${}", "${1}", "${d b}", "$", "$a", "\\$1", "\\", "\\\\", "a\\b", "$1$2", "x$1y", "$0$0", "$01", "é$1",
        };
        for (String replacement : replacements) {
            for (String regex : List.of("(?<db>[^.]+)\\.(?<t>.*)", "(.)(.)?.*", "nothing", "(d)(b)(.)(t)(a)(b)(l)(e)()()()()(x)?")) {
                out.record("replacement", "RegexRouter", config("regex", regex, "replacement", replacement), record("db.table", 1L, 1L), false);
            }
        }
        out.out.close();
    }

    // ---- field paths ----

    static void paths(Path folder, int count) throws Exception {
        Generate out = new Generate(folder, "field_path");
        Map<String, Object> inner = new LinkedHashMap<>();
        for (String key : List.of("a", "b", "a.b", "`a`", "a`b", "", "\\", "`", "a`", "`.a", "a\\`b", "\\a")) inner.put(key, "in " + key);
        Map<String, Object> value = new LinkedHashMap<>();
        for (String key : List.of("a", "b", "a.b", "`a`", "", "`", "a`", "\\", "a\\`")) value.put(key, new LinkedHashMap<>(inner));
        value.put("x", "out x");
        value.put("n", null);
        List<String> fixed = List.of("a.b", "`a.b`", "`a.b`.a", "a.`a.b`", "a.", ".", "..", ".a", "`", "``", "``.a", "`a", "a`", "`a`b`", "`a\\`.b`", "`a`.", "a.`", "x.a", "n.a", "zz.a", "`a`b", "a`.b", "\\`a", "a\\.b", "`\\``", "`a\\``", "`a\\\\`.b");
        Random random = new Random(5);
        String letters = "ab`.\\`.x";
        for (int i = 0; i < count + fixed.size(); i++) {
            String path;
            if (i < fixed.size()) {
                path = fixed.get(i);
            } else {
                StringBuilder text = new StringBuilder();
                int length = 1 + random.nextInt(9);
                for (int j = 0; j < length; j++) text.append(letters.charAt(random.nextInt(letters.length())));
                path = text.toString();
            }
            out.record("path", "ExtractField$Value", config("field", path, "field.syntax.version", "V2"), record("t", value, 1L), false);
        }
        out.out.close();
    }

    // ---- number texts ----

    static void numbers(Path folder) throws Exception {
        Generate out = new Generate(folder, "number_text");
        String[] texts = {
            "1", "-1", "+7", "007", "127", "128", "-128", "-129", "32768", "2147483648", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "", " ", " 1", "1 ", "+", "-", "--1", "1_0", "1.0", "1e2", "0x1", "١٢", "１２", "𝟏",
            ".5", "5.", "1f", "1F", "1d", "1D", "1ff", "0x1p3", "0X1.8P1", "0x.8p0", "0x1.p0", "0x1", "0x1p", "0xp1", "-0x1p-1074", "0x1p-1075", "0x1.8p-1075", "0x1p1024", "0x1.fffffep127", "0x1.ffffffp127", "1e400", "-1e400", "1e-400", "4.9e-324", "2e-324", "3.4028235e38", "3.5e38", "1.4e-45", "NaN", "+NaN", "-Infinity", "Infinity", "infinity", "nan", "inf", "1e", "e1", ".", "\t1.5\n", "1,5", "true", "TRUE", "tRuE", "yes", "0.1", "16777217", "0x1.000001p0", "0x1.0000010000001p0", "1e+3", "1E-3", "1e 3",
        };
        for (String text : texts) {
            for (String type : List.of("int8", "int32", "int64", "float32", "float64", "boolean")) {
                out.record(type, "Cast$Value", config("spec", type), record("t", text, 1L), false);
            }
        }
        double[] doubles = {0.9, -0.9, 1e20, -1e20, 300.7, 2147483648.0, -129.0, Double.NaN, Double.POSITIVE_INFINITY, 1e-10, 123456789012345680.0};
        for (double d : doubles) {
            for (String type : List.of("int8", "int16", "int32", "int64", "float32", "boolean", "string")) {
                out.record("double_" + type, "Cast$Value", config("spec", type), record("t", d, 1L), false);
            }
        }
        out.out.close();
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        int paths = args.length > 1 ? Integer.parseInt(args[1]) : 150;
        dates(folder, args.length > 2 ? Integer.parseInt(args[2]) : 23);
        regexes(folder, args.length > 2 ? Integer.parseInt(args[2]) : 11);
        paths(folder, paths);
        numbers(folder);
    }
}
