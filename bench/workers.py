"""Starts a Connect worker, ours or the JVM's, from the same files."""

import glob
import http.client
import json
import os
import shutil
import socket
import subprocess
import time

from measure import processor

# What `connect-standalone.sh` of Apache Kafka gives its JVM.
JVM_OPTIONS = (
    "-Xms256M -Xmx2G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 "
    "-XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
).split()
LOGGING = """rootLogger.level=INFO
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %X{connector.context}%m (%c)%n
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write_properties(path, properties):
    with open(path, "w") as file:
        for key, value in properties.items():
            file.write(f"{key}={value}\n")


class Worker:
    """A running worker with its connectors, in a folder of its own."""

    def __init__(self, engine, folder, bootstrap, connectors, settings=None):
        self.engine = engine
        self.folder = folder
        self.port = free_port()
        os.makedirs(folder)
        properties = {
            "bootstrap.servers": bootstrap,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
            "offset.storage.file.filename": f"{folder}/offsets",
            # The watcher sees a worker's place when it commits.
            "offset.flush.interval.ms": "50",
            "listeners": f"http://127.0.0.1:{self.port}",
            # As Java has it, and the same for both.
            "consumer.auto.offset.reset": "earliest",
        }
        properties.update(settings or {})
        command = self._turnbuckle() if engine == "turnbuckle" else self._jvm(properties)
        files = [f"{folder}/worker.properties"]
        write_properties(files[0], properties)
        for connector in connectors:
            files.append(f"{folder}/{connector['name']}.properties")
            write_properties(files[-1], connector)
        self.log = open(f"{folder}/log", "w")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            command + files, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.pid = self.process.pid

    def _turnbuckle(self):
        return [os.environ["TURNBUCKLE_BENCH_BIN"], "standalone"]

    def _jvm(self, properties):
        jars = sorted(glob.glob(os.environ["TURNBUCKLE_KAFKA_JARS"] + "/*.jar"))
        plugins = f"{self.folder}/plugins"
        os.makedirs(f"{plugins}/connect-file")
        is_file = lambda jar: os.path.basename(jar).startswith("connect-file-")
        for jar in filter(is_file, jars):
            shutil.copy(jar, f"{plugins}/connect-file")
        properties["plugin.path"] = ",".join(filter(None, [plugins, neo4j_plugin()]))
        with open(f"{self.folder}/log4j2.properties", "w") as file:
            file.write(LOGGING)
        path = ":".join(jar for jar in jars if not is_file(jar))
        logging = f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties"
        main = "org.apache.kafka.connect.cli.ConnectStandalone"
        return ["java", *JVM_OPTIONS, logging, "-cp", path, main]

    def ask(self, path):
        """The JSON of a GET; none while there is no good answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def is_running(self, name):
        status = self.ask(f"/connectors/{name}/status")
        if not status or not status["tasks"]:
            return False
        for task in status["tasks"]:
            if task["state"] == "FAILED":
                raise RuntimeError(task["trace"])
        return all(part["state"] == "RUNNING" for part in [status["connector"], *status["tasks"]])

    def wait_running(self, names, limit=180):
        """Waits until these are RUNNING with their tasks; seconds and processor seconds since the start."""
        for name in names:
            while not self.is_running(name):
                if self.process.poll() is not None or time.monotonic() - self.begin > limit:
                    raise RuntimeError(f"{self.engine} does not run {name}, see {self.folder}/log")
                time.sleep(0.005)
        return time.monotonic() - self.begin, processor(self.pid)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def neo4j_plugin():
    """Folder of the Neo4j connector for the JVM, if the user has it: it is not in Maven's central repository."""
    return os.environ.get("TURNBUCKLE_BENCH_NEO4J_PLUGIN", "")
