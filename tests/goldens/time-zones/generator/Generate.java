// Records texts of dates as Kafka Connect writes and reads them in several time zones of the JVM. See README.md beside
// this file. Two runs give identical files.

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.TimeZone;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Values;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;
import org.apache.kafka.connect.storage.StringConverter;

public class Generate {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String[] ZONES = {
        "UTC", "GMT", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Moscow", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "America/Los_Angeles",
        "Asia/Kolkata", "Asia/Tokyo", "Asia/Singapore", "Asia/Dubai", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Cairo",
        "Antarctica/Troll", "Etc/GMT+5", "EST", "MST", "CST", "PST", "IST", "EST5EDT", "GMT+5:30", "GMT-08:00", "US/Pacific",
    };
    static final long[] INSTANTS = {
        0, 1, -1, 3600000, 86399999, 86400000, -86400000, 172800000, 1700000000123L, 1690000000000L, 1699920000000L, 1690070400000L, 1679792400000L, 1679792399999L, 1698541200000L, 1698541199999L,
        -1500000000000L, -2208988800000L, -2208988800001L, -2300000000000L, -12219292800000L, -12219292800001L, -12219300000000L, -62135596800000L, -62135596800001L, 4102444800000L, 7276000000000L, 253402214400000L, 253402300799999L,
        200000000000L, -800000000000L, 1325203200000L,
    };
    static final String[] TEXTS = {
        "2023-11-14T22:13:20.123Z", "2023-07-14T22:13:20.000Z", "2023-11-14", "2023-07-14", "22:13:20.000Z", "00:00:00.000Z", "2023-03-26T02:30:00.000Z", "2023-03-12T02:30:00.000Z", "2023-10-29T02:30:00.000Z", "2023-11-05T01:30:00.000Z",
        "2011-12-30T12:00:00.000Z", "1900-01-01", "1899-12-31", "0001-01-01", "1582-10-15", "1582-10-10", "9999-12-31T23:59:59.999Z", "2300-07-01", "1970-01-01", "1945-06-01T12:00:00.000Z",
    };

    public static void main(String[] args) throws Exception {
        PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[0]).resolve("time_zones.jsonl")));
        for (String zone : ZONES) {
            TimeZone.setDefault(TimeZone.getTimeZone(zone));
            for (long instant : INSTANTS) {
                Date date = new Date(instant);
                ObjectNode line = JSON.createObjectNode().put("zone", zone).put("instant", instant);
                line.put("java", new String(new StringConverter().fromConnectData("t", null, date)));
                line.put("values", Values.convertToString(null, date));
                out.println(line);
            }
            for (String text : TEXTS) {
                SchemaAndValue read = new SimpleHeaderConverter().toConnectHeader("t", "h", text.getBytes());
                out.println(JSON.createObjectNode().put("zone", zone).put("text", text).put("schema", read.schema().name()).put("instant", ((Date) read.value()).getTime()));
            }
        }
        out.close();
    }
}
