//! Call trees built the obvious way, to compare with.

use super::support::Span;

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Begin,
    End,
    /// Not a thread span.
    Other,
}

/// An event as the model sees it; `scope` is the identity of the call site.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub action: Action,
    pub scope: usize,
    pub ticks: i64,
    pub id: i64,
}

/// A span with everything that happened in it.
#[derive(Debug, Clone)]
struct Node {
    id: i64,
    /// None: the thread itself.
    scope: Option<usize>,
    begin: i64,
    end: i64,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
pub struct Model {
    begin: i64,
    end: i64,
    open: Vec<Node>,
    latest_begin: i64,
}

impl Model {
    pub fn new(begin: i64, end: i64) -> Self {
        Self {
            begin,
            end,
            open: Vec::new(),
            latest_begin: begin,
        }
    }

    /// The events of one block; the id of the one that does not fit.
    pub fn add(&mut self, events: &[Event]) -> Result<(), i64> {
        for event in events {
            if event.action == Action::Other || event.ticks < self.begin {
                continue;
            }
            if event.ticks > self.end {
                break;
            }
            match event.action {
                Action::Begin => self.begin_span(event)?,
                _ => self.end_span(event)?,
            }
        }
        Ok(())
    }

    fn begin_span(&mut self, event: &Event) -> Result<(), i64> {
        if event.ticks < self.latest_begin {
            return Err(event.id);
        }
        self.latest_begin = event.ticks;
        self.open.push(Node {
            id: event.id,
            scope: Some(event.scope),
            begin: event.ticks,
            end: self.end,
            children: Vec::new(),
        });
        Ok(())
    }

    fn end_span(&mut self, event: &Event) -> Result<(), i64> {
        let scope = Some(event.scope);
        let mut closed = match self.open.pop() {
            Some(top) if top.scope == scope => top,
            Some(top) if top.scope.is_none() => Node {
                id: event.id,
                scope,
                ..top
            },
            Some(_) => return Err(event.id),
            None => Node {
                id: event.id,
                scope,
                begin: self.begin,
                end: self.end,
                children: Vec::new(),
            },
        };
        closed.end = event.ticks;
        self.attach(closed);
        Ok(())
    }

    fn attach(&mut self, child: Node) {
        if self.open.is_empty() {
            self.open.push(Node {
                id: -1,
                scope: None,
                begin: self.begin,
                end: self.end,
                children: Vec::new(),
            });
        }
        let top = self.open.last_mut().expect("just made");
        top.children.push(child);
    }

    /// The rows; `describe` = name, file, target, line and hash of a scope, None being
    /// the thread itself.
    pub fn rows(
        mut self,
        describe: impl Fn(Option<usize>) -> (String, String, String, u32, u32),
    ) -> Vec<Span> {
        while self.open.len() > 1 {
            let top = self.open.pop().expect("there are two");
            self.attach(top);
        }
        let mut rows = Vec::new();
        if let Some(root) = self.open.pop() {
            flatten(&root, 0, 0, &describe, &mut rows);
        }
        rows
    }
}

fn flatten(
    node: &Node,
    parent: i64,
    depth: u32,
    describe: &impl Fn(Option<usize>) -> (String, String, String, u32, u32),
    rows: &mut Vec<Span>,
) {
    let (name, file, target, line, hash) = describe(node.scope);
    rows.push(Span {
        id: node.id,
        parent,
        depth,
        hash,
        begin: node.begin,
        end: node.end,
        name,
        target,
        file,
        line,
    });
    for child in &node.children {
        flatten(child, node.id, depth + 1, describe, rows);
    }
}
