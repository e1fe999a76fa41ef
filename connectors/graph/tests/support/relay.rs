//! A way to the database that can be cut: connections to it end, and new ones are refused, until it is mended.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use connect_testkit::TargetFault;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, JoinSet};

/// Forwards connections from an own port to the database.
pub struct Relay {
    pub address: SocketAddr,
    target: String,
    serving: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Relay {
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            target: target.to_owned(),
            serving: Arc::default(),
        };
        relay.serve(listener).await;
        relay
    }

    /// The switch of this relay.
    pub fn fault(&self) -> Box<dyn TargetFault> {
        Box::new(Self {
            address: self.address,
            target: self.target.clone(),
            serving: self.serving.clone(),
        })
    }

    async fn serve(&self, listener: TcpListener) {
        let target = self.target.clone();
        // The connections end with the task that holds them.
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let target = target.clone();
                connections.spawn(forward(client, target));
            }
        });
        *self.serving.lock().await = Some(serving);
    }
}

async fn forward(mut client: TcpStream, target: String) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

#[async_trait]
impl TargetFault for Relay {
    async fn down(&mut self) {
        if let Some(serving) = self.serving.lock().await.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    async fn up(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener).await;
    }
}
