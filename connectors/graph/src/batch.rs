//! The records of a put as transactions: one for each topic and partition.

use std::sync::Arc;

use connect_api::RecordSlice;

/// The records of one topic and partition, by their place in the slice, in the order they came: that of the
/// offsets, as a put keeps it.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub topic: Arc<str>,
    pub partition: Option<i32>,
    pub places: Vec<usize>,
}

/// Groups the records by what transformations left in `topic` and `partition`, in the order of their first record.
pub fn groups(records: &RecordSlice) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let same = |group: &Group| {
            group.partition == record.partition
                && (Arc::ptr_eq(&group.topic, &record.topic) || group.topic == record.topic)
        };
        // Records come partition by partition, so it is nearly always the last one.
        match groups.iter_mut().rev().find(|group| same(group)) {
            Some(group) => group.places.push(place),
            None => groups.push(Group {
                topic: record.topic.clone(),
                partition: record.partition,
                places: vec![place],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_api::{SinkRecord, TopicPartition};

    #[test]
    fn a_partition_is_a_group_in_its_order() {
        let record = |topic: &str, partition, offset| {
            SinkRecord::new(Arc::new(TopicPartition::new(topic, partition)), offset)
        };
        let records = RecordSlice::new(vec![
            record("a", 0, 5),
            record("b", 0, 1),
            record("a", 0, 6),
            record("a", 1, 9),
            record("b", 0, 2),
        ]);
        let found: Vec<(String, Option<i32>, Vec<usize>)> = groups(&records)
            .into_iter()
            .map(|group| (group.topic.to_string(), group.partition, group.places))
            .collect();
        assert_eq!(
            found,
            [
                ("a".to_owned(), Some(0), vec![0, 2]),
                ("b".to_owned(), Some(0), vec![1, 4]),
                ("a".to_owned(), Some(1), vec![3]),
            ]
        );
    }
}
