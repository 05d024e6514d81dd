internal import TensorIR

/// Moves nodes of one kernel into another, whose tables grow by what the nodes use; what stands before
/// them there is the caller's.
///
/// Buffers stay the same ones; scalars, variables and locals become new ones, except scalars that
/// are already known in the other kernel.
package struct Transplant: NodeMapping {
  private let source: Kernel
  package private(set) var kernel: Kernel
  private var scalars: [ScalarID: ScalarID]
  private var variables: [VariableID: VariableID] = [:]
  private var locals: [Int: Int] = [:]

  /// - Parameter known: scalars of `source` that `kernel` has already.
  package init(from source: Kernel, into kernel: Kernel, known: [ScalarID: ScalarID] = [:]) {
    self.source = source
    self.kernel = kernel
    scalars = known
  }

  // MARK: Names

  package mutating func access(
    _ memory: Memory, _ address: IndexExpression
  ) -> (memory: Memory, address: IndexExpression) {
    (place(of: memory), index(address))
  }

  package mutating func index(_ index: IndexExpression) -> IndexExpression {
    index.forEachVariable { _ = variable($0) }
    index.forEachScalar { _ = scalar($0) }
    let (variables, scalars) = (variables, scalars)
    return index.substituting {
      IndexExpression(variables[$0] ?? $0)
    } scalar: {
      IndexExpression(.scalar(scalars[$0] ?? $0))
    }
  }

  package mutating func scalar(_ id: ScalarID) -> ScalarID {
    if let known = scalars[id] { return known }
    let fresh = kernel.newScalar(source.scalars[id.index])
    scalars[id] = fresh
    return fresh
  }

  package mutating func variable(_ id: VariableID) -> VariableID {
    if let known = variables[id] { return known }
    kernel.variables.append(source.variables[id.index])
    let fresh = VariableID(kernel.variables.count - 1)
    variables[id] = fresh
    return fresh
  }

  private mutating func place(of memory: Memory) -> Memory {
    switch memory {
    case .slot(let slot):
      let buffer = source.slots[slot]
      if let place = kernel.slots.firstIndex(of: buffer) { return .slot(place) }
      kernel.slots.append(buffer)
      return .slot(kernel.slots.count - 1)
    case .local(let local):
      if let known = locals[local] { return .local(known) }
      kernel.locals.append(source.locals[local])
      locals[local] = kernel.locals.count - 1
      return .local(kernel.locals.count - 1)
    }
  }
}
