#!/usr/bin/env python3
"""Two clients that others wrote (kafka-connect-py and kafka-connect-api) make their calls against a worker.

usage: clients.py BASE_URL --topic T --file F

What each call gives is asserted. The topic must exist and have records.
"""
import argparse, time

from kafka_connect import KafkaConnect
from kafka_connect_api.errors import GenericNotFound
from kafka_connect_api.kafka_connect_api import Api, Cluster, Connector
from requests.exceptions import HTTPError

SINK = "org.apache.kafka.connect.file.FileStreamSinkConnector"
STRING = "org.apache.kafka.connect.storage.StringConverter"


def until(what, wanted, patience=60):
    deadline = time.time() + patience
    while True:
        got = what()
        if got == wanted:
            return
        assert time.time() < deadline, f"{got} instead of {wanted}"
        time.sleep(0.1)


def fails(status, call, *args):
    try:
        call(*args)
    except HTTPError as error:
        assert error.response.status_code == status, error
        return error.response.json()["message"]
    raise AssertionError(f"no error {status}")


def kafka_connect_py(base, topic, file):
    client, name = KafkaConnect(url=base), "py"
    config = {"connector.class": SINK, "tasks.max": "1", "topics": topic, "file": file, "value.converter": STRING}
    assert set(client.get_cluster_info()) == {"version", "commit", "kafka_cluster_id"}
    assert SINK in [plugin["class"] for plugin in client.list_connector_plugins()]
    checked = client.validate_connector_config("FileStreamSinkConnector", {**config, "name": name})
    assert checked["error_count"] == 0, checked
    checked = client.validate_connector_config("FileStreamSink", {**config, "name": name, "tasks.max": "0"})
    assert checked["error_count"] == 1, checked

    created = client.create_connector({"name": name, "config": config})
    assert created["name"] == name and created["config"] == {**config, "name": name}, created
    assert "already exists" in fails(409, client.create_connector, {"name": name, "config": config})
    wrong = fails(400, client.create_connector, {"name": "wrong", "config": {**config, "tasks.max": "many"}})
    assert wrong.startswith("Connector configuration is invalid and contains the following 2 error(s):"), wrong
    states = lambda: [t["state"] for t in client.get_connector_status(name)["tasks"]]
    until(states, ["RUNNING"])
    assert list(client.list_connectors()) == [name]
    assert client.list_connectors(expand="status")[name]["status"]["connector"]["state"] == "RUNNING"
    assert client.list_connectors(expand="info", pattern="^p")[name]["info"]["type"] == "sink"
    assert client.get_connector(name)["tasks"] == [{"connector": name, "task": 0}]
    assert client.get_connector_config(name) == {**config, "name": name}
    until(lambda: client.list_connector_topics(name)[name]["topics"], [topic])

    client.update_connector(name, {**config, "tasks.max": "2"})
    until(states, ["RUNNING", "RUNNING"])
    assert len(client.list_connector_tasks(name)) == 2
    assert client.get_connector_task_status(name, 1)["id"] == 1
    client.pause_connector(name)
    until(states, ["PAUSED", "PAUSED"])
    client.resume_connector(name)
    until(states, ["RUNNING", "RUNNING"])
    client.restart_connector_task(name, 0)
    answer = client.restart_connector(name, include_tasks=True)
    assert [t["state"] for t in answer["tasks"]] == ["RESTARTING", "RESTARTING"], answer
    until(states, ["RUNNING", "RUNNING"])
    client.restart_connector(name)
    client.reset_connector_topics(name)
    client.stop_connector(name)
    until(lambda: client.get_connector_status(name)["connector"]["state"], "STOPPED")
    until(states, [])
    client.resume_connector(name)
    until(states, ["RUNNING", "RUNNING"])
    client.delete_connector(name)
    until(lambda: list(client.list_connectors()), [])
    assert "not found" in fails(404, client.get_connector, name)


def exists(connector):
    try:
        return connector.exists()
    except GenericNotFound:  # which it means to answer itself
        return False


def kafka_connect_api(base, topic, file):
    name = "api"
    host, port = base.removeprefix("http://").split(":")
    cluster = Cluster(Api(hostname=host, port=int(port)))
    assert cluster.version.startswith("4."), cluster.version
    assert cluster.kafka_cluster
    connector = Connector(cluster, name)
    assert not exists(connector)
    connector.config = {"connector.class": SINK, "tasks.max": "2", "topics": topic, "file": file, "value.converter": STRING}
    assert exists(connector) and list(cluster.connectors) == [name]
    states = lambda: [task.state for task in connector.tasks]
    until(states, ["RUNNING", "RUNNING"])
    assert connector.state == "RUNNING" and connector.connector_class == SINK
    assert connector.config["topics"] == topic
    assert all(task.is_running() for task in connector.tasks)
    connector.pause()
    until(states, ["PAUSED", "PAUSED"])
    connector.resume()
    until(states, ["RUNNING", "RUNNING"])
    connector.restart()
    connector.restart_all_tasks()
    until(states, ["RUNNING", "RUNNING"])
    connector.cycle_connector()
    until(states, ["RUNNING", "RUNNING"])
    cluster.root_logger = "WARN"
    assert cluster.root_logger["level"] == "WARN", cluster.root_logger
    cluster.root_logger = "INFO"
    connector.delete()
    until(lambda: exists(connector), False)
    try:
        connector.status
        raise AssertionError("a status of nothing")
    except GenericNotFound:
        pass


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("base"); p.add_argument("--topic", required=True); p.add_argument("--file", required=True)
    o = p.parse_args()
    for client in (kafka_connect_py, kafka_connect_api):
        client(o.base, o.topic, o.file)
        print(f"{client.__name__} passed")
