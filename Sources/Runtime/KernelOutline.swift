internal import LoopIR
package import TensorIR

/// What is known of a kernel before it runs.
package struct KernelOutline: Sendable, Hashable {
  /// The kernel's name in the dump of loops.
  package let name: String
  /// The places in the source that its results come from.
  package let sources: [SourceLocation]
  /// Bytes it reads and writes, each buffer once.
  package let byteCount: Int
  /// Operations on `f32`.
  package let singleFlops: Int
  /// Operations on `f64`.
  package let doubleFlops: Int

  /// The outline of a kernel of a program.
  init(_ kernel: Kernel, in program: LoopProgram) {
    let costs = kernel.costs(in: program)
    name = kernel.name
    sources = kernel.sources
    byteCount = costs.bytes
    singleFlops = costs.singleFlops
    doubleFlops = costs.doubleFlops
  }
}
