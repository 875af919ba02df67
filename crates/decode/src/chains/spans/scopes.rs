//! The scopes of a block, and those of a chain of blocks.

use std::collections::HashMap;

use arrow::array::ArrayRef;
use arrow::datatypes::Utf8Type;

use crate::chains::ChainError;
use crate::chains::error::{ScopeName, check_text};
use crate::dictionary::Interner;
use crate::error::EventProblem;
use crate::scope::Scope;

/// Bytes of text in the scopes of one block. Scopes can share texts, so that a block
/// is able to announce far more text than it holds.
const MAX_BLOCK_TEXT: usize = 256 << 20;

/// The scopes of one block, in the order of their first use. Equal ones may repeat.
#[derive(Debug, Default)]
pub(super) struct BlockScopes {
    scopes: Vec<BlockScope>,
    /// Name, file and target of each scope, back to back.
    texts: String,
}

#[derive(Debug)]
struct BlockScope {
    name: u32,
    file: u32,
    target: u32,
    line: u32,
    hash: u32,
}

/// The distinct scopes of a chain.
#[derive(Debug)]
pub(super) struct ChainScopes {
    names: Interner,
    files: Interner,
    targets: Interner,
    by_content: HashMap<ScopeKeys, u32>,
    scopes: Vec<ChainScope>,
}

/// What a scope is made of, as indices in dictionaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ScopeKeys {
    pub name: i32,
    pub file: i32,
    pub target: i32,
    pub line: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ChainScope {
    pub keys: ScopeKeys,
    pub hash: u32,
}

/// The values of the text columns.
#[derive(Debug)]
pub(super) struct ScopeDictionaries {
    pub names: ArrayRef,
    pub files: ArrayRef,
    pub targets: ArrayRef,
}

impl BlockScopes {
    pub(super) fn push(&mut self, scope: &Scope<'_>) -> Result<u32, EventProblem> {
        if self.texts.len() + scope.text_len() > MAX_BLOCK_TEXT {
            let max = MAX_BLOCK_TEXT as u64;
            return Err(EventProblem::TooManyScopes { max });
        }
        let mut append = |text: &str| {
            self.texts.push_str(text);
            text.len() as u32
        };
        let index = self.scopes.len() as u32;
        self.scopes.push(BlockScope {
            name: append(scope.name),
            file: append(scope.file),
            target: append(scope.target),
            line: scope.line,
            hash: scope.hash(),
        });
        Ok(index)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.scopes.capacity() * size_of::<BlockScope>() + self.texts.capacity()
    }

    /// Each scope with its hash.
    fn iter(&self) -> impl Iterator<Item = (Scope<'_>, u32)> {
        let mut rest = self.texts.as_str();
        self.scopes.iter().map(move |scope| {
            let mut text = |length: u32| {
                let (text, after) = rest.split_at(length as usize);
                rest = after;
                text
            };
            let texts = Scope {
                name: text(scope.name),
                file: text(scope.file),
                target: text(scope.target),
                line: scope.line,
            };
            (texts, scope.hash)
        })
    }
}

impl ChainScopes {
    pub(super) fn new() -> Self {
        Self {
            names: Interner::new(),
            files: Interner::new(),
            targets: Interner::new(),
            by_content: HashMap::new(),
            scopes: Vec::new(),
        }
    }

    /// Append the index of each scope of a block.
    pub(super) fn add(
        &mut self,
        block: &BlockScopes,
        indices: &mut Vec<u32>,
    ) -> Result<(), ChainError> {
        indices.extend(block.iter().map(|(scope, hash)| self.intern(&scope, hash)));
        check_text(self.text_bytes())
    }

    /// Index of one more scope.
    pub(super) fn key(&mut self, scope: &Scope<'_>) -> u32 {
        self.intern(scope, scope.hash())
    }

    fn intern(&mut self, scope: &Scope<'_>, hash: u32) -> u32 {
        let keys = ScopeKeys {
            name: self.names.key(scope.name.as_bytes()),
            file: self.files.key(scope.file.as_bytes()),
            target: self.targets.key(scope.target.as_bytes()),
            line: scope.line,
        };
        *self.by_content.entry(keys).or_insert_with(|| {
            self.scopes.push(ChainScope { keys, hash });
            self.scopes.len() as u32 - 1
        })
    }

    fn text_bytes(&self) -> usize {
        self.names.value_bytes() + self.files.value_bytes() + self.targets.value_bytes()
    }

    pub(super) fn get(&self, index: u32) -> ChainScope {
        self.scopes[index as usize]
    }

    /// How to tell people of a scope.
    pub(super) fn describe(&self, index: u32) -> Box<ScopeName> {
        let keys = self.get(index).keys;
        let text = |interner: &Interner, key| {
            let text = interner.value(key).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        };
        let name = text(&self.names, keys.name);
        let file = text(&self.files, keys.file);
        Box::new(ScopeName::new(&name, &file, keys.line))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let scope = 2 * size_of::<ChainScope>() + size_of::<u32>();
        let interners = [&self.names, &self.files, &self.targets];
        let interners = interners.map(Interner::memory_bytes).iter().sum::<usize>();
        interners + self.scopes.capacity() * scope
    }

    /// The scopes by their index, and what their keys stand for.
    pub(super) fn finish(self) -> (Vec<ChainScope>, ScopeDictionaries) {
        let values = |interner: &Interner| {
            let values = interner.values::<Utf8Type>();
            values.expect("texts are UTF-8 and less than 2 GiB")
        };
        let dictionaries = ScopeDictionaries {
            names: values(&self.names),
            files: values(&self.files),
            targets: values(&self.targets),
        };
        (self.scopes, dictionaries)
    }
}

impl ScopeDictionaries {
    pub(super) fn memory_bytes(&self) -> usize {
        let columns = [&self.names, &self.files, &self.targets];
        columns
            .iter()
            .map(|values| values.get_array_memory_size())
            .sum()
    }
}
