import TensorIR

/// How the tangents of a loop or branch are computed from what the operation itself saves.
struct Linearization {
  /// The operation with what it saves as further results.
  var augmented: Op
  /// The types of what is saved.
  var savedTypes: [TensorType]
  /// The linear part.
  var linear: Op
  /// What the linear part reads, in the order of its operands.
  var operands: [Operand]
  /// The positions of the results whose tangents the linear part gives, in order.
  var activeResults: [Int]

  /// An operand of the linear part.
  enum Operand {
    /// An operand of the operation itself, by position.
    case primal(Int)
    /// The tangent of one, by position.
    case tangent(Int)
    /// What is saved, by position.
    case saved(Int)
  }
}

extension Function {
  /// Lets the loop or branch at a position save what its linear part reads; nil where it has none.
  ///
  /// The values that are saved get new ids, behind all others.
  mutating func linearize(at position: Int, _ activity: Activity) throws -> Linearization? {
    let operation = operations[position]
    let active = RegionActivity(
      operands: operation.operands.map { activity[$0] },
      results: operation.results.map { activity[$0] })
    guard active.operands.contains(true), active.results.contains(true) else { return nil }
    let linearization: Linearization
    switch operation.op {
    case .scan(let scan):
      linearization = try scan.linearized(active)
    case .branch(let branch): linearization = try branch.linearized(active)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .whileLoop, .window,
      .custom, .call:
      return nil
    }
    operations[position].op = linearization.augmented
    for type in linearization.savedTypes {
      operations[position].results.append(ValueID(types.count))
      types.append(type)
    }
    return linearization
  }

  /// The values that operations on tangents read besides tangents, in order of first use.
  func residuals(_ isTangent: [Bool]) -> [ValueID] {
    var isFound = [Bool](repeating: false, count: types.count)
    var residuals: [ValueID] = []
    for operation in operations where operation.results.contains(where: { isTangent[$0.index] }) {
      for operand in operation.operands
      where !isTangent[operand.index] && !isFound[operand.index] {
        isFound[operand.index] = true
        residuals.append(operand)
      }
    }
    return residuals
  }
}

extension ForwardPass {
  /// What is saved of a region for the tangents of some of its results, where parameters at `isFree`
  /// positions are there anyway when its linear part runs.
  ///
  /// - Parameter repetitions: how often the region runs, where each time has memory of its own; where all of it
  ///   is little, rather more is saved than costly functions computed again.
  func savedValues(
    forResults results: [Int], repetitions: Int? = nil, isFree: (Int) -> Bool
  ) -> [ValueID] {
    let whole = builder.function
    let isTangent = whole.dependents(on: tangentParameters)
    var isThere = [Bool](repeating: false, count: whole.types.count)
    for (position, parameter) in source.parameters.enumerated() {
      isThere[parameter.index] = isFree(position)
    }
    let tangents = results.compactMap { tangent(source.results[$0]) }
    let read = whole.residuals(isTangent) + tangents.filter { !isTangent[$0.index] }
    if let repetitions {
      let cut = ResidualCut(whole, residuals: read, isFree: isThere, countsWork: true)
      if cut.savedByteCount <= Self.littleMemory / max(repetitions, 1) { return cut.saved }
    }
    return ResidualCut(whole, residuals: read, isFree: isThere).saved
  }

  /// Stacks of so many bytes stay in the caches of one core, or not far from them.
  private static var littleMemory: Int { 2 << 20 }

  /// Emits the linear part of the operation at a position; the tangents of its results.
  mutating func emitLinearPart(
    of operation: Operation, _ linearization: Linearization
  ) throws -> [ValueID?] {
    let own = operation.results.count - linearization.savedTypes.count
    let operands = try linearization.operands.map { operand in
      switch operand {
      case .primal(let position): operation.operands[position]
      case .tangent(let position): try denseTangent(operation.operands[position])
      case .saved(let position): operation.results[own + position]
      }
    }
    let results = try builder.emitAll(linearization.linear, operands, at: operation.location)
    var tangents = [ValueID?](repeating: nil, count: operation.results.count)
    for (position, tangent) in zip(linearization.activeResults, results) {
      tangents[position] = tangent
    }
    return tangents
  }
}

extension Region {
  /// The region with tangents of active parameters behind its own, and tangents of active results.
  ///
  /// Where the region is transposed afterwards, its loops and branches have to be linearized: one that
  /// computes values and tangents together is not linear in what it carries.
  func withTangents(
    parameters: [Int], results: [Int], mode: ForwardPass.Mode = .fused
  ) throws -> Region {
    try ForwardPass(self, name: name, parameters: parameters, results: results, mode: mode)
      .finished(tangentsOf: results)
  }
}

extension [Bool] {
  /// The positions of what is true.
  var positions: [Int] { indices.filter { self[$0] } }
}
