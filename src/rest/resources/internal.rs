//! What workers of one cluster ask each other. One that stands alone has nobody to hear it from.

use crate::rest::error::ApiError;

pub async fn put_task_configs() -> ApiError {
    ApiError::internal(
        "Kafka Connect in standalone mode does not support externally setting task configurations.",
    )
}

pub async fn fence() -> ApiError {
    ApiError::internal(
        "Kafka Connect in standalone mode does not support exactly-once source connectors.",
    )
}
