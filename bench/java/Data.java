import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * What Kafka's own converter and transformations cost for a record, in processor time of the whole process.
 *
 * Arguments: records to warm up with, records to measure, a file of records (a line each), a file with the schema, and a
 * file of transformations (class, then key=value, separated by tabs). Prints a line for each row: its name, a tab,
 * nanoseconds.
 */
public class Data {
    static int warm;
    static int measured;
    static List<byte[]> records = new ArrayList<>();
    static List<String> links = new ArrayList<>();
    static Object sink;

    public static void main(String[] arguments) throws Exception {
        warm = Integer.parseInt(arguments[0]);
        measured = Integer.parseInt(arguments[1]);
        for (String line : read(arguments[2]).split("\n")) records.add(line.getBytes(StandardCharsets.UTF_8));
        String schema = read(arguments[3]).strip();
        for (String line : read(arguments[4]).split("\n")) links.add(line);
        List<byte[]> plain = records;
        row("JSON", Map.of("schemas.enable", "false"), plain, false);
        row("JSON, chain of five", Map.of("schemas.enable", "false"), plain, true);
        Map<String, String> once = Map.of("schemas.enable", "true", "schema.content", schema);
        row("JSON, schema given once", once, plain, false);
        row("JSON, schema given once, chain of five", once, plain, true);
        List<byte[]> envelopes = new ArrayList<>();
        for (byte[] record : plain) {
            String text = "{\"schema\":" + schema + ",\"payload\":" + new String(record, StandardCharsets.UTF_8) + "}";
            envelopes.add(text.getBytes(StandardCharsets.UTF_8));
        }
        row("JSON in envelopes", Map.of("schemas.enable", "true"), envelopes, false);
    }

    static String read(String path) throws Exception {
        return java.nio.file.Files.readString(java.nio.file.Path.of(path));
    }

    static void row(String name, Map<String, String> config, List<byte[]> records, boolean withChain) throws Exception {
        JsonConverter converter = new JsonConverter();
        converter.configure(config, false);
        List<Transformation<SinkRecord>> chain = withChain ? chain() : List.of();
        run(converter, chain, records, warm);
        long before = processor();
        run(converter, chain, records, measured);
        System.out.println(name + "\t" + (processor() - before) / measured);
        for (Transformation<SinkRecord> link : chain) link.close();
    }

    static void run(JsonConverter converter, List<Transformation<SinkRecord>> chain, List<byte[]> records, int count) {
        for (int i = 0; i < count; i++) {
            SchemaAndValue read = converter.toConnectData("shop.orders", records.get(i % records.size()));
            SinkRecord record = new SinkRecord("shop.orders", 0, null, null, read.schema(), read.value(), i);
            for (Transformation<SinkRecord> link : chain) record = link.apply(record);
            sink = record;
        }
    }

    @SuppressWarnings("unchecked")
    static List<Transformation<SinkRecord>> chain() throws Exception {
        List<Transformation<SinkRecord>> chain = new ArrayList<>();
        for (String line : links) {
            String[] words = line.split("\t");
            Map<String, String> config = new LinkedHashMap<>();
            for (int i = 1; i < words.length; i++) {
                int equals = words[i].indexOf('=');
                config.put(words[i].substring(0, equals), words[i].substring(equals + 1));
            }
            Class<?> type = Class.forName("org.apache.kafka.connect.transforms." + words[0]);
            Transformation<SinkRecord> link = (Transformation<SinkRecord>) type.getDeclaredConstructor().newInstance();
            link.configure(config);
            chain.add(link);
        }
        return chain;
    }

    static long processor() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime();
    }
}
