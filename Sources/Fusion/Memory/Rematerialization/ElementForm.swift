internal import LoopIR
internal import TensorIR

/// How one element of a value is made of others in memory: straight-line code that can stand in the place
/// of a load of the element.
struct ElementForm {
  /// An axis of the value, as a loop of the kernel counts it.
  struct Axis {
    var variable: VariableID
    /// How far neighbours are apart in memory, in elements.
    var stride: Int
    var extent: Int
  }

  /// The kernel whose tables the code is in terms of.
  let kernel: Kernel
  /// The axes, outermost in memory first.
  let axes: [Axis]
  /// What is computed, in order.
  let definitions: [(scalar: ScalarID, expression: Expression)]
  /// The scalar that is the element.
  let value: ScalarID
  /// The products that are rounded together with a sum.
  let contracted: Set<ScalarID>

  /// Longer code is not put in the place of a load.
  private static let lengthLimit = 256

  /// The form of a value that a kernel writes, as the kernel makes it; nil where that is not straight-line
  /// code of what is in memory at the element's place.
  ///
  /// Products are rounded as in the kernel.
  init?(of buffer: BufferID, in kernel: Kernel) {
    guard !kernel.callsFunctions, let slot = kernel.slots.firstIndex(of: buffer) else { return nil }
    var code = Code(kernel: kernel, slot: slot)
    guard code.walk(kernel.body, in: [:]), let store = code.store, store.address.constant == 0,
      code.trace(store.value)
    else { return nil }
    var axes = [Axis]()
    for term in store.address.terms {
      guard case .variable(let variable) = term.atom, let extent = code.extents[variable] else {
        return nil
      }
      axes.append(Axis(variable: variable, stride: term.coefficient, extent: extent))
    }
    axes.sort { $0.stride > $1.stride }
    var stride = 1
    for axis in axes.reversed() {
      guard axis.stride == stride else { return nil }
      stride *= axis.extent
    }
    let counted = Set(axes.map(\.variable))
    guard code.variables.isSubset(of: counted) else { return nil }
    self.kernel = kernel
    self.axes = axes
    definitions = code.definitions
    value = store.value
    contracted = Contractions(kernel).products
  }

  /// The buffers that are read.
  var inputs: Set<BufferID> {
    definitions.reduce(into: []) { inputs, definition in
      guard case .load(.slot(let slot), _, _) = definition.expression else { return }
      inputs.insert(kernel.slots[slot])
    }
  }

  /// What a kernel computes that an element is made of.
  private struct Code {
    let kernel: Kernel
    let slot: Int
    /// The only store of the value.
    var store: Store?
    /// The extents of the loops around it.
    var extents: [VariableID: Int] = [:]
    /// What stands before the store, in its body and those around.
    var visible: [ScalarID: (place: Int, expression: Expression)] = [:]
    /// What the element is made of, in order of execution.
    var needed: [ScalarID: Int] = [:]
    /// The loop variables that it depends on.
    var variables = Set<VariableID>()
    private var place = 0

    init(kernel: Kernel, slot: Int) {
      self.kernel = kernel
      self.slot = slot
    }

    /// Finds the store.
    ///
    /// - Returns: whether there is not more than one, and it writes each element once.
    mutating func walk(_ nodes: [Node], in loops: [VariableID: Int]) -> Bool {
      var own: [ScalarID] = []
      for node in nodes {
        place += 1
        switch node {
        case .define(let scalar, let expression):
          if store == nil {
            visible[scalar] = (place, expression)
            own.append(scalar)
          }
        case .store(let found):
          guard found.memory == .slot(slot) else { continue }
          guard store == nil, found.combining == nil, found.condition == nil else { return false }
          (store, extents) = (found, loops)
        case .loop(let loop):
          var inner = loops
          inner[loop.variable] = kernel.variables[loop.variable.index].extent
          guard walk(loop.body, in: inner) else { return false }
        case .accumulate: break
        case .contract(let contract):
          if contract.body.accesses.contains(where: { $0.memory == .slot(slot) }) { return false }
        }
      }
      // What stands in a loop that is over is not visible.
      if store == nil { for scalar in own { visible[scalar] = nil } }
      return true
    }

    /// Notes what a scalar is made of.
    ///
    /// - Returns: whether that can stand elsewhere.
    mutating func trace(_ scalar: ScalarID) -> Bool {
      if needed[scalar] != nil { return true }
      let type = kernel.scalars[scalar.index]
      guard let (place, expression) = visible[scalar], needed.count < ElementForm.lengthLimit,
        !type.isFloat || type == .f32 || type == .f64, !expression.mayTrap(kernel)
      else { return false }
      if case .load(let memory, _, _) = expression {
        guard case .slot(let slot) = memory, !isWritten(slot) else { return false }
      }
      needed[scalar] = place
      expression.forEachVariable { variables.insert($0) }
      var operands = [ScalarID]()
      expression.forEachScalar { operands.append($0) }
      for operand in operands { guard trace(operand) else { return false } }
      return true
    }

    /// What the element is made of, in order.
    var definitions: [(scalar: ScalarID, expression: Expression)] {
      needed.sorted { $0.value < $1.value }.compactMap { scalar, _ in
        visible[scalar].map { (scalar, $0.expression) }
      }
    }

    private func isWritten(_ slot: Int) -> Bool {
      kernel.writtenBuffers.contains(kernel.slots[slot])
    }
  }
}

extension Expression {
  /// Whether the expression is an integer's quotient, which zeros in the place of elements that are not read
  /// would end the process by.
  fileprivate func mayTrap(_ kernel: Kernel) -> Bool {
    guard case .apply(.binary(let op), let operands) = self, op == .divide || op == .remainder
    else { return false }
    return !kernel.scalars[operands[0].index].isFloat
  }
}
