@_exported import Adjoint

/// Writes the conformance of a structure or an enumeration to `TensorTree`: members that are trees are
/// visited, all others are static, so that functions compile again when they change.
///
///     @TensorTree
///     struct Layer {
///       var weight: Tensor<Float>
///       var bias: Tensor<Float>?
///       let isSquared: Bool
///       @Ignored var name: String
///     }
///
/// Cases of an enumeration are static, and their payloads visited. Tensors must be variables.
@attached(
  extension, conformances: Adjoint.TensorTree, names: named(visitTensors))
public macro TensorTree() =
  #externalMacro(module: "AdjointMacrosPlugin", type: "TensorTreeMacro")

/// Marks a member of a `@TensorTree` on which no operation depends.
@attached(peer)
public macro Ignored() = #externalMacro(module: "AdjointMacrosPlugin", type: "IgnoredMacro")
