// Types that stand in the public API: `AdjointError`, `SourceLocation`, `ElementType`, `TensorType`.
@_exported public import TensorIR
