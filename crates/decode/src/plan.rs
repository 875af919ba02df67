//! The compiled decoding plan of one stream.

mod async_span;
mod image;
mod log;
mod metric;
mod net;
mod thread_span;
mod unsigned;

use wire::transit::{LayoutError, StreamLayout, TypeLayout, TypeTable};

use crate::error::{Error, Result};

pub(crate) use async_span::{AsyncSpanPlan, ScopePlace};
pub(crate) use image::ImageEvent;
pub(crate) use log::{LogDescriptorPlan, LogPlan, TargetPlan};
pub(crate) use metric::{MetricDescriptorPlan, MetricPlan, MetricValue};
pub(crate) use net::{NetPlan, NetScope};
pub(crate) use thread_span::{ScopePlan, ThreadSpanPlan};
pub(crate) use unsigned::Unsigned;

/// The compiled type layout of one stream: cheap to share, made once per stream.
#[derive(Debug)]
pub struct StreamPlan {
    pub(crate) layout: StreamLayout,
    /// What to do with each event, by type index.
    pub(crate) events: Vec<EventPlan>,
    /// How to read a dependency as a descriptor, by type index.
    pub(crate) log_descriptors: Vec<LogDescriptorPlan>,
    pub(crate) metric_descriptors: Vec<MetricDescriptorPlan>,
    pub(crate) scopes: Vec<ScopePlan>,
}

/// What to do with the events of one type.
#[derive(Debug)]
pub(crate) struct EventPlan {
    pub kind: EventKind,
    /// Ids that must be known although no column needs them, or why the type can not
    /// be read.
    pub other_references: Result<Vec<u32>, LayoutError>,
}

/// What the events of one type are. A type that says it is a known event but lacks
/// what such an event needs is an error once it occurs.
#[derive(Debug)]
pub(crate) enum EventKind {
    Log(Result<LogPlan, LayoutError>),
    Metric(Result<MetricPlan, LayoutError>),
    ThreadSpan(Result<ThreadSpanPlan, LayoutError>),
    Net(Result<NetPlan, LayoutError>),
    AsyncSpan(Result<AsyncSpanPlan, LayoutError>),
    Image,
    /// Not decoded here.
    Other,
}

impl StreamPlan {
    /// Compile the type tables that came with the stream (CBOR arrays).
    ///
    /// A table may describe types that no plan understands: they only matter once
    /// an event of theirs occurs.
    pub fn compile(dependencies_metadata: &[u8], objects_metadata: &[u8]) -> Result<Self> {
        let parse = |table, metadata| {
            TypeTable::parse(metadata).map_err(|source| Error::Metadata { table, source })
        };
        let layout = StreamLayout {
            dependencies: parse("dependencies", dependencies_metadata)?,
            objects: parse("objects", objects_metadata)?,
        };
        let objects = &layout.objects;
        let dependencies = layout.dependencies.types();
        let events = objects.types().iter().map(|t| event(objects, t)).collect();
        let log_descriptors = dependencies.iter().map(LogDescriptorPlan::new).collect();
        let metric_descriptors = dependencies.iter().map(MetricDescriptorPlan::new).collect();
        let scopes = dependencies.iter().map(ScopePlan::new).collect();
        Ok(Self {
            layout,
            events,
            log_descriptors,
            metric_descriptors,
            scopes,
        })
    }
}

fn event(types: &TypeTable, event: &TypeLayout) -> EventPlan {
    let kind = if event.is_dynamic() {
        let image = || image::is_image(event).then_some(EventKind::Image);
        let log = LogPlan::dynamic(types, event).map(EventKind::Log);
        log.or_else(image)
    } else if event.is_wrapper() {
        // Its value is what it refers to, not an event.
        None
    } else {
        let log = LogPlan::fixed(event).map(EventKind::Log);
        log.or_else(|| MetricPlan::fixed(event).map(EventKind::Metric))
            .or_else(|| ThreadSpanPlan::fixed(event).map(EventKind::ThreadSpan))
            .or_else(|| AsyncSpanPlan::fixed(event).map(EventKind::AsyncSpan))
            .or_else(|| NetPlan::fixed(event).map(EventKind::Net))
    };
    let kind = kind.unwrap_or(EventKind::Other);
    EventPlan {
        other_references: other_references(event, &kind),
        kind,
    }
}

/// Every id of a static instance must be known. Those that reading the event looks
/// up anyway are left out.
fn other_references(event: &TypeLayout, kind: &EventKind) -> Result<Vec<u32>, LayoutError> {
    if event.is_dynamic() {
        return Ok(Vec::new());
    }
    let used = match kind {
        EventKind::Log(Ok(plan)) => plan.references(),
        EventKind::Metric(Ok(plan)) => plan.references(),
        EventKind::ThreadSpan(Ok(plan)) => plan.references(),
        EventKind::Net(Ok(plan)) => plan.references(),
        EventKind::AsyncSpan(Ok(plan)) => plan.references(),
        _ => [None; 2],
    };
    let all = event.fields()?.references().iter().copied();
    Ok(all
        .filter(|offset| !used.contains(&Some(*offset)))
        .collect())
}
