//! The tree of a page: the parser's, in one list, with what no later step looks at left out.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{
    Attribute, ExpandedName, LocalName, ParseOpts, QualName, local_name, ns, parse_document,
};

use crate::reading::{Failure, Limits};

/// Elements and texts of one page. A page of a megabyte of markup has some 20 000.
const MOST_NODES: usize = 500_000;
/// How much the parser is given at a time, in bytes: what is open is made again for every few of them.
const PIECE: usize = 512;

/// A node by its number.
pub(super) type Id = usize;

/// The document itself.
pub(super) const ROOT: Id = 0;

#[derive(Debug, Default)]
struct Node {
    parent: Option<Id>,
    before: Option<Id>,
    after: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    depth: usize,
    what: What,
}

/// What a node is.
#[derive(Debug, Default)]
pub(super) enum What {
    Element(Element),
    Text(String),
    Comment(String),
    /// The document, an instruction.
    #[default]
    Other,
}

/// An element, with the attributes that say how it looks.
#[derive(Debug)]
pub(super) struct Element {
    name: Rc<QualName>,
    /// Values are shared with elements that the parser made again of the same tag.
    attributes: Vec<(LocalName, StrTendril)>,
    /// Values of attributes that say something to people, or to programs that index pages.
    unshown: Vec<StrTendril>,
}

impl Element {
    /// Its name; empty for what is not HTML.
    pub(super) fn name(&self) -> &str {
        if self.name.ns == ns!(html) { &self.name.local } else { "" }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }

    /// What it says and does not show.
    pub(super) fn unshown(&self) -> impl Iterator<Item = &str> {
        self.unshown.iter().map(|value| &**value)
    }

    /// How many bytes its attributes have.
    pub(super) fn weight(&self) -> usize {
        self.attributes.iter().map(|(_, value)| value.len()).sum()
    }
}

const ATTRIBUTES: &[&str] = &[
    "background",
    "bgcolor",
    "class",
    "color",
    "hidden",
    "href",
    "id",
    "media",
    "open",
    "style",
    "text",
    "type",
];

/// Attributes that say something and are not shown in their place.
const UNSHOWN: &[&str] = &["alt", "aria-label", "content", "placeholder", "summary", "title"];

/// A page.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn what(&self, id: Id) -> &What {
        self.nodes.get(id).map_or(&What::Other, |node| &node.what)
    }

    pub(super) fn element(&self, id: Id) -> Option<&Element> {
        match self.what(id) {
            What::Element(element) => Some(element),
            _ => None,
        }
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.nodes.get(id)?.parent
    }

    /// Every node.
    pub(super) fn all(&self) -> impl Iterator<Item = Id> {
        0..self.nodes.len()
    }

    /// The children, last first.
    pub(super) fn children_back(&self, id: Id) -> impl Iterator<Item = Id> {
        let last = self.nodes.get(id).and_then(|node| node.last);
        std::iter::successors(last, |id| self.nodes.get(*id)?.before)
    }

    /// The text right under a node.
    pub(super) fn text_of(&self, id: Id) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for child in self.children_back(id) {
            if let What::Text(text) = self.what(child) {
                parts.push(text);
            }
        }
        parts.into_iter().rev().collect()
    }
}

/// Parses a page.
///
/// # Errors
///
/// [`Failure::TooLarge`] where it nests or branches beyond the limits, [`Failure::TimedOut`] where
/// it takes longer than it may: the parser looks through all of a tag's attributes for each.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Tree, Failure> {
    let begun = Instant::now();
    let tree_builder = TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let mut parser = parse_document(Sink::default(), options);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(rest.ceil_char_boundary(PIECE.min(rest.len())));
        rest = left;
        parser.process(StrTendril::from_slice(piece));
        let sink = &parser.tokenizer.sink.sink;
        if sink.nodes.borrow().len() > MOST_NODES || sink.deepest.get() > limits.depth {
            return Err(Failure::TooLarge);
        }
        if begun.elapsed() > limits.wall_time / 2 {
            return Err(Failure::TimedOut);
        }
    }
    Ok(parser.finish())
}

/// What the parser builds with.
#[derive(Debug)]
struct Sink {
    nodes: RefCell<Vec<Node>>,
    deepest: Cell<usize>,
}

impl Default for Sink {
    fn default() -> Self {
        Self { nodes: RefCell::new(vec![Node::default()]), deepest: Cell::new(0) }
    }
}

/// A node as the parser knows it.
#[derive(Debug, Clone)]
struct Handle {
    id: Id,
    name: Rc<QualName>,
}

impl Sink {
    fn add(&self, what: What) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { what, ..Node::default() });
        nodes.len() - 1
    }

    fn handle(&self, what: What) -> Handle {
        let name = match &what {
            What::Element(element) => Rc::clone(&element.name),
            _ => Rc::new(QualName::new(None, ns!(), local_name!(""))),
        };
        Handle { id: self.add(what), name }
    }

    fn unlink(&self, id: Id) {
        let mut nodes = self.nodes.borrow_mut();
        let Some(node) = nodes.get_mut(id) else { return };
        let (parent, before, after) = (node.parent.take(), node.before.take(), node.after.take());
        match before.and_then(|before| nodes.get_mut(before)) {
            Some(before) => before.after = after,
            None => {
                if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
                    parent.first = after;
                }
            }
        }
        match after.and_then(|after| nodes.get_mut(after)) {
            Some(after) => after.before = before,
            None => {
                if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
                    parent.last = before;
                }
            }
        }
    }

    /// Puts a node under a parent, before a sibling or last.
    fn link(&self, id: Id, parent: Id, sibling: Option<Id>) {
        self.unlink(id);
        let mut nodes = self.nodes.borrow_mut();
        let Some(depth) = nodes.get(parent).map(|parent| parent.depth + 1) else { return };
        self.deepest.set(self.deepest.get().max(depth));
        let before = match sibling {
            Some(sibling) => nodes.get_mut(sibling).and_then(|node| node.before.replace(id)),
            None => nodes.get_mut(parent).and_then(|node| node.last.replace(id)),
        };
        match before.and_then(|before| nodes.get_mut(before)) {
            Some(before) => before.after = Some(id),
            None => {
                if let Some(parent) = nodes.get_mut(parent) {
                    parent.first = Some(id);
                }
            }
        }
        if let Some(node) = nodes.get_mut(id) {
            (node.parent, node.before, node.after) = (Some(parent), before, sibling);
            node.depth = depth;
        }
    }

    fn put(&self, child: NodeOrText<Handle>, parent: Id, sibling: Option<Id>) {
        let id = match child {
            NodeOrText::AppendNode(handle) => handle.id,
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = match sibling {
                    Some(sibling) => nodes.get(sibling).and_then(|node| node.before),
                    None => nodes.get(parent).and_then(|node| node.last),
                };
                if let Some(What::Text(known)) =
                    before.and_then(|id| nodes.get_mut(id)).map(|node| &mut node.what)
                {
                    known.push_str(&text);
                    return;
                }
                drop(nodes);
                self.add(What::Text(text.to_string()))
            }
        };
        self.link(id, parent, sibling);
    }

    fn parent(&self, id: Id) -> Option<Id> {
        self.nodes.borrow().get(id)?.parent
    }
}

fn kept(attributes: Vec<Attribute>) -> impl Iterator<Item = (LocalName, StrTendril)> {
    attributes
        .into_iter()
        .filter(|attribute| ATTRIBUTES.contains(&&*attribute.name.local))
        .map(|attribute| (attribute.name.local, attribute.value))
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Tree;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Tree {
        Tree { nodes: self.nodes.into_inner() }
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: ROOT, name: Rc::new(QualName::new(None, ns!(), local_name!(""))) }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        let unshown = attrs.iter().filter(|a| UNSHOWN.contains(&&*a.name.local));
        let unshown = unshown.map(|attribute| attribute.value.clone()).collect();
        let attributes = kept(attrs).collect();
        self.handle(What::Element(Element { name: Rc::new(name), attributes, unshown }))
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        self.handle(What::Comment(text.to_string()))
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.handle(What::Other)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(child, parent.id, None);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        prev_element: &Handle,
        child: NodeOrText<Handle>,
    ) {
        match self.parent(element.id) {
            Some(parent) => self.put(child, parent, Some(element.id)),
            None => self.put(child, prev_element.id, None),
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// What a template holds is in no tree: it is not shown.
    fn get_template_contents(&self, _: &Handle) -> Handle {
        self.handle(What::Other)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        if let Some(parent) = self.parent(sibling.id) {
            self.put(new_node, parent, Some(sibling.id));
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        if let Some(What::Element(element)) =
            self.nodes.borrow_mut().get_mut(target.id).map(|node| &mut node.what)
        {
            for (name, value) in kept(attrs) {
                if element.attribute(&name).is_none() {
                    element.attributes.push((name, value));
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.unlink(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let first = self.nodes.borrow().get(node.id).and_then(|node| node.first);
            let Some(first) = first else { break };
            self.link(first, new_parent.id, None);
        }
    }
}
