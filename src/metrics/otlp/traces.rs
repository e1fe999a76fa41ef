//! [`Tracer`]: a span of every batch with a child for each stage, and one of every commit, by OpenTelemetry's SDK.
//!
//! A batch gathers records of many traces, so it is no child of theirs: its span begins a trace of its own and points to
//! them by links, and a commit to the batches it covers.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_plane::metrics::{
    BatchTrace, CommitTrace, Listener, StageTrace, Trace, TraceParent, When,
};
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt,
    TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{self as sdk, SdkTracerProvider, SpanData, SpanExporter};
use prost::Message;

use super::client::Client;
use super::settings::Sampler;

/// How many batches one commit points to.
const MOST_BATCHES: usize = 32;

pub(super) struct Tracer {
    provider: SdkTracerProvider,
    tracer: sdk::SdkTracer,
}

impl Tracer {
    pub fn start(client: Client, resource: Vec<(String, String)>, sampler: Sampler) -> Self {
        let attributes = resource
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value));
        let resource = Resource::builder_empty()
            .with_attributes(attributes)
            .build();
        let exporter = Exporter {
            client,
            resource: ResourceAttributesWithSchema::default(),
        };
        let sampler = match sampler {
            Sampler::Always => sdk::Sampler::AlwaysOn,
            Sampler::Never => sdk::Sampler::AlwaysOff,
            Sampler::Share(share) => sdk::Sampler::TraceIdRatioBased(share),
        };
        // Its queue is bounded and what does not fit is dropped; it exports from a thread of its own.
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("turnbuckle");
        Self { provider, tracer }
    }

    /// Who is told what becomes of the batches of a task.
    pub fn listener(self: Arc<Self>, connector: &str, task: u32) -> Listener {
        let task = TaskSpans {
            tracer: self,
            attributes: vec![
                KeyValue::new("kafka.connect.connector", connector.to_owned()),
                KeyValue::new("kafka.connect.task", i64::from(task)),
            ],
            recent: Mutex::default(),
        };
        Box::new(move |trace| match trace {
            Trace::Batch(batch) => task.batch(&batch),
            Trace::Commit(commit) => task.commit(&commit),
        })
    }

    /// Sends what is left. A collector that hangs is left behind with its thread.
    pub fn end(&self, patience: Duration) {
        let (tell, ended) = mpsc::sync_channel(1);
        let provider = self.provider.clone();
        let end = move || {
            // What could not be sent was told in the log.
            let _ = provider.shutdown_with_timeout(patience);
            let _ = tell.send(());
        };
        if thread::Builder::new()
            .name("otlp-end".to_owned())
            .spawn(end)
            .is_ok()
        {
            let _ = ended.recv_timeout(patience);
        }
    }
}

/// The spans of one task.
struct TaskSpans {
    tracer: Arc<Tracer>,
    attributes: Vec<KeyValue>,
    /// Batches since the last commit.
    recent: Mutex<VecDeque<SpanContext>>,
}

impl TaskSpans {
    fn batch(&self, batch: &BatchTrace) {
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new("messaging.system", "kafka"));
        attributes.push(KeyValue::new(
            "messaging.batch.message_count",
            batch.records as i64,
        ));
        attributes.push(KeyValue::new(
            "kafka.connect.batch.bytes",
            batch.bytes as i64,
        ));
        let places = batch.partitions.iter().map(|(tp, first, next)| {
            format!("{}-{} {first}..{next}", tp.topic, tp.partition).into()
        });
        let places: Vec<opentelemetry::StringValue> = places.collect();
        attributes.push(KeyValue::new(
            "kafka.connect.batch.offsets",
            opentelemetry::Value::Array(places.into()),
        ));
        if batch.more_links > 0 {
            attributes.push(KeyValue::new(
                "kafka.connect.batch.more_links",
                batch.more_links as i64,
            ));
        }
        let links = batch
            .links
            .iter()
            .map(|parent| Link::with_context(remote(parent)));
        let span = self.span(
            "batch",
            batch.when,
            attributes,
            links.collect(),
            &batch.stages,
        );
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(span);
        if recent.len() > MOST_BATCHES {
            recent.pop_front();
        }
    }

    fn commit(&self, commit: &CommitTrace) {
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new(
            "kafka.connect.commit.partitions",
            commit.partitions as i64,
        ));
        let batches =
            std::mem::take(&mut *self.recent.lock().unwrap_or_else(PoisonError::into_inner));
        let links = batches.into_iter().map(Link::with_context).collect();
        self.span("commit", commit.when, attributes, links, &commit.stages);
    }

    /// A span that is over, with its children.
    fn span(
        &self,
        name: &'static str,
        when: When,
        attributes: Vec<KeyValue>,
        links: Vec<Link>,
        stages: &[StageTrace],
    ) -> SpanContext {
        let tracer = &self.tracer.tracer;
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Consumer)
            .with_start_time(at(when.unix_nanos(when.begun)))
            .with_attributes(attributes)
            .with_links(links);
        let mut span = tracer.build_with_context(builder, &Context::new());
        let context = span.span_context().clone();
        let parent = Context::new().with_remote_span_context(context.clone());
        for stage in stages {
            self.stage(stage, when, &parent);
        }
        // The last word on each stage decides: what was put again and written is well.
        let failed = stages.last().and_then(|stage| stage.error.clone());
        span.set_status(failed.map_or(Status::Unset, |e| Status::Error {
            description: e.into(),
        }));
        span.end_with_timestamp(at(when.unix_nanos(when.ended)));
        context
    }

    fn stage(&self, stage: &StageTrace, when: When, parent: &Context) {
        let builder = SpanBuilder::from_name(stage.stage.name())
            .with_kind(SpanKind::Internal)
            .with_start_time(at(when.unix_nanos(stage.begun)))
            .with_attributes([KeyValue::new(
                "messaging.batch.message_count",
                stage.records as i64,
            )]);
        let mut span = self.tracer.tracer.build_with_context(builder, parent);
        if let Some(error) = &stage.error {
            let description: Cow<'static, str> = error.clone().into();
            span.set_status(Status::Error { description });
        }
        span.end_with_timestamp(at(when.unix_nanos(stage.ended)));
    }
}

fn at(unix_nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_nanos)
}

fn remote(parent: &TraceParent) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(parent.trace_id),
        SpanId::from_bytes(parent.span_id),
        TraceFlags::new(parent.flags),
        true,
        TraceState::NONE,
    )
}

/// Posts spans.
#[derive(Debug)]
struct Exporter {
    client: Client,
    resource: ResourceAttributesWithSchema,
}

impl SpanExporter for Exporter {
    /// Called on the processor's own thread, which may wait.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let sent = self.client.post(&request.encode_to_vec());
        sent.map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
