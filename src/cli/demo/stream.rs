//! What the demo sends: customers, products and purchases, the same in every run.

/// Records of one topic, in order.
pub struct Topic {
    pub name: &'static str,
    pub partitions: i32,
    /// Keys and values.
    pub records: Vec<(String, String)>,
}

/// The stream and what becomes of it.
pub struct Stream {
    pub topics: Vec<Topic>,
    pub customers: usize,
    pub products: usize,
    /// Purchases that can be written.
    pub purchases: usize,
    /// Purchases that cannot.
    pub bad: usize,
}

impl Stream {
    pub fn records(&self) -> usize {
        self.topics.iter().map(|topic| topic.records.len()).sum()
    }
}

const PURCHASES: usize = 2400;

const FIRST_NAMES: [&str; 12] = [
    "Ann", "Ben", "Carla", "David", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kaori",
    "Liam",
];
const LAST_NAMES: [&str; 8] = [
    "Adeyemi", "Berg", "Castro", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad",
];
const CITIES: [&str; 7] = [
    "Oslo", "Lisbon", "Lagos", "Osaka", "Lyon", "Austin", "Quito",
];
const CUSTOMERS: usize = FIRST_NAMES.len() * LAST_NAMES.len();

/// Stock keeping unit, name, price, and how often it is bought.
const PRODUCTS: [(&str, &str, &str, u32); 12] = [
    ("C-10", "Espresso beans", "12.90", 10),
    ("T-20", "Green tea", "4.50", 9),
    ("C-30", "Oat milk", "2.20", 8),
    ("C-12", "Filter coffee", "9.80", 7),
    ("T-25", "Earl Grey", "5.10", 6),
    ("S-01", "Dark chocolate", "3.40", 5),
    ("H-40", "Honey", "6.75", 4),
    ("M-02", "Stoneware mug", "14.00", 3),
    ("F-07", "Paper filters", "2.95", 3),
    ("K-03", "Kettle", "39.00", 2),
    ("G-11", "Coffee grinder", "89.00", 2),
    ("E-99", "Espresso machine", "449.00", 1),
];

/// Two purchases nobody can write, and their places: one is no JSON, one names no product.
const BAD: [(usize, &str); 2] = [
    (
        800,
        r#"{"order": 9001, "customer": 17, "product": "T-20", "quant"#,
    ),
    (
        1600,
        r#"{"order": 9002, "customer": 23, "product": null, "quantity": 1}"#,
    ),
];

pub fn stream() -> Stream {
    let customers: Vec<_> = (1..=CUSTOMERS).map(customer).collect();
    let products: Vec<_> = PRODUCTS.iter().map(product).collect();
    let topic = |name, partitions, records| Topic {
        name,
        partitions,
        records,
    };
    Stream {
        customers: customers.len(),
        products: products.len(),
        purchases: PURCHASES,
        bad: BAD.len(),
        topics: vec![
            topic("customers", 1, customers),
            topic("products", 1, products),
            topic("purchases", 2, purchases()),
        ],
    }
}

fn customer(id: usize) -> (String, String) {
    let first = FIRST_NAMES[id % FIRST_NAMES.len()];
    let last = LAST_NAMES[id / FIRST_NAMES.len() % LAST_NAMES.len()];
    let city = CITIES[id % CITIES.len()];
    let value = format!(r#"{{"id": {id}, "name": "{first} {last}", "city": "{city}"}}"#);
    (id.to_string(), value)
}

fn product(&(sku, name, price, _): &(&str, &str, &str, u32)) -> (String, String) {
    let value = format!(r#"{{"sku": "{sku}", "name": "{name}", "price": {price}}}"#);
    (sku.to_owned(), value)
}

fn purchases() -> Vec<(String, String)> {
    let mut dice = Dice(2026);
    let mut records: Vec<_> = (1..=PURCHASES)
        .map(|order| purchase(order, &mut dice))
        .collect();
    for (place, value) in BAD {
        records.insert(place, (String::new(), value.to_owned()));
    }
    records
}

fn purchase(order: usize, dice: &mut Dice) -> (String, String) {
    // Of two throws the lower: some customers come more often than others.
    let throw = |dice: &mut Dice| dice.below(u32::try_from(CUSTOMERS).unwrap_or(1));
    let customer = throw(dice).min(throw(dice)) + 1;
    let sum = PRODUCTS.iter().map(|(.., weight)| weight).sum();
    let mut left = dice.below(sum);
    let bought = PRODUCTS.iter().find(|(.., weight)| {
        let here = left < *weight;
        left = left.saturating_sub(*weight);
        here
    });
    let sku = bought.map_or(PRODUCTS[0].0, |(sku, ..)| sku);
    let quantity = dice.below(3) + 1;
    let value = format!(
        r#"{{"order": {order}, "customer": {customer}, "product": "{sku}", "quantity": {quantity}}}"#
    );
    (customer.to_string(), value)
}

/// Numbers that look random and are the same every time (a linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(self.0 >> 32).unwrap_or_default();
        high % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_stream_is_what_it_says_and_the_same_every_time() {
        let stream = stream();
        let sizes: Vec<_> = stream
            .topics
            .iter()
            .map(|t| (t.name, t.records.len()))
            .collect();
        assert_eq!(
            sizes,
            [
                ("customers", stream.customers),
                ("products", stream.products),
                ("purchases", stream.purchases + stream.bad),
            ]
        );
        let values = |place: usize| stream.topics[place].records.iter().map(|(_, v)| v);
        let parsed =
            |place: usize| values(place).map(|v| serde_json::from_str::<serde_json::Value>(v));
        let names: BTreeSet<_> = parsed(0).flatten().map(|v| v["name"].to_string()).collect();
        assert_eq!(names.len(), stream.customers);
        let good = parsed(2).filter(|v| v.as_ref().is_ok_and(|v| v["product"].is_string()));
        let orders: BTreeSet<_> = good.flatten().filter_map(|v| v["order"].as_u64()).collect();
        assert_eq!(orders.len(), stream.purchases);
        let again = super::stream();
        assert!(values(2).eq(again.topics[2].records.iter().map(|(_, v)| v)));
    }
}
