import java.util.TreeSet;
import javax.management.MBeanAttributeInfo;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** Prints every attribute of Connect's MBeans of a JVM: `object name, tab, attribute, tab, value`. */
public class MBeans {
    public static void main(String[] args) throws Exception {
        var url = new JMXServiceURL("service:jmx:rmi:///jndi/rmi://127.0.0.1:" + args[0] + "/jmxrmi");
        try (var jmx = JMXConnectorFactory.connect(url)) {
            var server = jmx.getMBeanServerConnection();
            for (var domain : new String[] {"kafka.connect:*", "kafka.consumer:*"}) {
                for (ObjectName name : new TreeSet<>(server.queryNames(new ObjectName(domain), null))) {
                    for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                        System.out.println(name.getCanonicalName() + "\t" + attribute.getName() + "\t"
                            + server.getAttribute(name, attribute.getName()));
                    }
                }
            }
        }
    }
}
