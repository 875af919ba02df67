//! Arithmetic for charts.

use arrow::datatypes::{DataType, Float64Type};

use crate::documentation::{FunctionDoc, NUMBERS};
use crate::function::Definition;
use crate::types::Kind;

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "bin_center",
        arguments: &[Kind::Float; 2],
        returns: |_| DataType::Float64,
        evaluate: |call| {
            call.per_row_of_floats::<2, Float64Type>(|[x, cell]| {
                ((x + cell / 2.0) / cell).floor() * cell
            })
        },
        documentation: FunctionDoc {
            section: NUMBERS,
            syntax: "bin_center(x, cell)",
            description: "The multiple of `cell` that is nearest to `x`: the center of the cell \
                that holds it. NULL when an argument is.",
            arguments: &[("x", "A number."), ("cell", "Width of a cell.")],
            example: "SELECT bin_center(17.2, 5) AS center",
        },
    },
    Definition {
        name: "lerp",
        arguments: &[Kind::Float; 3],
        returns: |_| DataType::Float64,
        evaluate: |call| call.per_row_of_floats::<3, Float64Type>(|[a, b, t]| a + (b - a) * t),
        documentation: FunctionDoc {
            section: NUMBERS,
            syntax: "lerp(a, b, t)",
            description: "The number at `t` of the way from `a` to `b`; beyond them when `t` is \
                not from 0 to 1. NULL when an argument is.",
            arguments: &[
                ("a", "The number at 0."),
                ("b", "The number at 1."),
                ("t", "The position."),
            ],
            example: "SELECT lerp(10, 20, 0.25) AS number",
        },
    },
    Definition {
        name: "unlerp",
        arguments: &[Kind::Float; 3],
        returns: |_| DataType::Float64,
        evaluate: |call| call.per_row_of_floats::<3, Float64Type>(|[a, b, x]| (x - a) / (b - a)),
        documentation: FunctionDoc {
            section: NUMBERS,
            syntax: "unlerp(a, b, x)",
            description: "Where `x` lies on the way from `a`, which is 0, to `b`, which is 1; not \
                clamped, and not finite when `a` equals `b`. NULL when an argument is.",
            arguments: &[
                ("a", "The number at 0."),
                ("b", "The number at 1."),
                ("x", "The number whose position is asked for."),
            ],
            example: "SELECT unlerp(10, 20, 12.5) AS position",
        },
    },
];
