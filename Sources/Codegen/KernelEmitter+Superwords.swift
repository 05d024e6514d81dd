internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Emits the body of a loop whose iterations follow each other; costly functions of scalars that do
  /// not depend on each other go in lanes.
  func emitSerial(_ nodes: [Node]) {
    guard lanes == nil, !callsFunctions else {
      for node in nodes { emit(node) }
      return
    }
    var first = 0
    while first < nodes.count {
      let end = nodes[first...].firstIndex { !$0.isDefinition } ?? nodes.count
      if end - first > 1 {
        emitStraightLine(nodes[first..<end])
      } else {
        for node in nodes[first..<end] { emit(node) }
      }
      if end < nodes.count { emit(nodes[end]) }
      first = end + 1
    }
  }

  /// Emits definitions, in lanes where that pays.
  private func emitStraightLine(_ nodes: ArraySlice<Node>) {
    var alone = Set<ScalarID>()
    for case .define(let scalar, .apply(.unary(let op), let operands)) in nodes
    where op.isOneOfSineAndCosine && sharedAngles.contains(operands[0]) {
      alone.insert(scalar)
    }
    guard
      let plan = SuperwordPlan(
        nodes, of: kernel, contractions, vectorBits: module.target.vectorBits, excluding: alone)
    else {
      for node in nodes { emit(node) }
      return
    }
    var vectors: [[ScalarID]: LLVMValue] = [:]
    for (scalar, expression) in plan.order {
      guard let number = plan.group[scalar] else {
        emit(.define(scalar, expression))
        continue
      }
      let group = plan.groups[number]
      if vectors[group.members] == nil {
        emit(group, &vectors)
      }
    }
  }

  /// Emits one vector, and its lanes for those that read them alone.
  private func emit(_ group: SuperwordPlan.Group, _ vectors: inout [[ScalarID]: LLVMValue]) {
    var width = 1
    while width < group.members.count { width *= 2 }
    let elements = group.operands[0].map { element(of: $0) }
    let operands = group.operands[0].indices.map { position in
      gathered(group.operands.map { $0[position] }, width, &vectors)
    }
    let result =
      group.sum.map { multiplyAdd($0, operands) } ?? apply(group.op, operands, elements)
    vectors[group.members] = result
    for (position, member) in group.members.enumerated() {
      scalars[member] = [builder.extractElement(result, position)]
    }
  }

  /// Scalars side by side; lanes beyond the last repeat the first.
  private func gathered(
    _ members: [ScalarID], _ width: Int, _ vectors: inout [[ScalarID]: LLVMValue]
  ) -> LLVMValue {
    if let known = vectors[members] { return known }
    let first = builder.splat(uniform(members[0]), width)
    guard Set(members).count > 1 else { return first }
    var vector = first
    for (position, member) in members.enumerated().dropFirst() {
      vector = builder.insertElement(vector, uniform(member), builder.int(position, module.i32))
    }
    vectors[members] = vector
    return vector
  }
}

extension Node {
  /// Whether the node defines a scalar.
  fileprivate var isDefinition: Bool {
    if case .define = self { true } else { false }
  }
}
