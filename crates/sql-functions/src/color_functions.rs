//! Colors of four channels, packed as `0xRRGGBBAA`.

mod scales;

use arrow::datatypes::{DataType, Float64Type, UInt32Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use crate::answers::Answers;
use crate::documentation::{COLORS, FunctionDoc};
use crate::function::{Call, Definition, Outcome};
use crate::types::Kind;

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "rgba",
        arguments: &[Kind::Float; 4],
        returns: |_| DataType::UInt32,
        evaluate: |call| {
            call.per_row_of_floats::<4, UInt32Type>(|channels| {
                u32::from_be_bytes(channels.map(channel))
            })
        },
        documentation: FunctionDoc {
            section: COLORS,
            syntax: "rgba(r, g, b, a)",
            description: "Packs a color as `0xRRGGBBAA`. Each component is clamped to 0 and 1, \
                where NaN counts as 0, and rounded to one of 256 steps. NULL when an argument is.",
            arguments: &[
                ("r", "Red, from 0 to 1."),
                ("g", "Green, from 0 to 1."),
                ("b", "Blue, from 0 to 1."),
                ("a", "Opacity, from 0 to 1."),
            ],
            example: "SELECT rgba(1.0, 0.5, 0.0, 1.0) AS color",
        },
    },
    Definition {
        name: "lerp_color",
        arguments: &[Kind::Color, Kind::Color, Kind::Float],
        returns: |_| DataType::UInt32,
        evaluate: lerp_color,
        documentation: FunctionDoc {
            section: COLORS,
            syntax: "lerp_color(c1, c2, t)",
            description: "Mixes two packed colors channel by channel, opacity included. `t` is \
                clamped to 0 and 1; NaN counts as 0. NULL when an argument is.",
            arguments: &[
                ("c1", "The color at 0."),
                ("c2", "The color at 1."),
                ("t", "The position between them."),
            ],
            example: "SELECT lerp_color(rgba(0, 0, 0, 1), rgba(1, 1, 1, 1), 0.5) AS gray",
        },
    },
    Definition {
        name: "color_scale",
        arguments: &[Kind::Text, Kind::Float, Kind::Float],
        returns: |_| DataType::UInt32,
        evaluate: color_scale,
        documentation: FunctionDoc {
            section: COLORS,
            syntax: "color_scale(name, t, alpha)",
            description: "A packed color of a named scale: `viridis`, `magma`, `plasma`, \
                `inferno`, `cividis` or `turbo`, in any case. `t` and `alpha` are clamped to 0 \
                and 1; NaN counts as 0. Another name is an error; NULL when an argument is.",
            arguments: &[
                ("name", "The scale."),
                ("t", "The position on it, from 0 to 1."),
                ("alpha", "Opacity, from 0 to 1."),
            ],
            example: "SELECT color_scale('viridis', 0.5, 1.0) AS color",
        },
    },
];

/// The nearest of 256 steps, the greater of two; NaN becomes zero by the conversion.
fn channel(component: f64) -> u8 {
    (component.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

fn lerp_color(call: &Call) -> Result<Outcome> {
    let from = call.numbers::<UInt32Type>(0)?;
    let to = call.numbers::<UInt32Type>(1)?;
    let positions = call.numbers::<Float64Type>(2)?;
    let answers = Answers::of_call(call, |at| {
        let from = from.value(at[0]).to_be_bytes();
        let to = to.value(at[1]).to_be_bytes();
        let position = positions.value(at[2]);
        let mixed = std::array::from_fn(|index| mix(from[index], to[index], position));
        Ok(Some(u32::from_be_bytes(mixed)))
    })?;
    Ok(answers.into_numbers::<UInt32Type>())
}

fn mix(from: u8, to: u8, position: f64) -> u8 {
    let (from, to) = (f64::from(from), f64::from(to));
    let position = if position.is_nan() {
        0.0
    } else {
        position.clamp(0.0, 1.0)
    };
    (from + (to - from) * position + 0.5) as u8
}

fn color_scale(call: &Call) -> Result<Outcome> {
    let names = call.argument(0)?.texts(call.function)?;
    let positions = call.numbers::<Float64Type>(1)?;
    let opacities = call.numbers::<Float64Type>(2)?;
    let answers = Answers::of_call(call, |at| {
        let name = names.value(at[0]);
        let Some(scale) = scales::scale(name) else {
            let known = scales::SCALES.map(|(name, _)| name).join(", ");
            let name: String = name.chars().take(40).collect();
            return exec_err!("{}: no scale {name:?}, there are {known}", call.function);
        };
        // 256 equal ranges; 1.0 belongs to the last, NaN to the first.
        let index = (positions.value(at[1]) * 256.0) as u8;
        let color = scale[usize::from(index)] << 8;
        Ok(Some(color | u32::from(channel(opacities.value(at[2])))))
    })?;
    Ok(answers.into_numbers::<UInt32Type>())
}
