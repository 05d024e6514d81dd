import TensorIR

extension Scan {
  /// The cotangents of a linear scan: a scan in the other direction.
  ///
  /// Its carries are the cotangents of the carries, and the sums of the cotangents of captures; its
  /// stacks are what the linear scan reads and the cotangents of its stacked results.
  func transpose(
    _ operation: Operation, _ cotangents: [ValueID?], in pass: inout ReversePass
  ) throws {
    let carries = carryRange
    let isLinear = operation.operands.enumerated().map { position, operand in
      carries.contains(position) || pass.isLinear(operand)
    }
    let seeds = (carryCount..<operation.results.count).filter { cotangents[$0] != nil }
    let wanted = isLinear.positions
    let reverse = try body.transposed(
      in: wanted.map { $0 + 1 }, seeds: Array(0..<carryCount) + seeds)

    // The reversed body: index, what captures hold, cotangents of carries and sums, what stacks
    // hold, cotangents of stacked results.
    var region = reverse.region
    let plain = isLinear.indices.filter { !isLinear[$0] }
    let captures = plain.filter { $0 < captureCount }
    let stacks = plain.filter { $0 >= carries.upperBound }
    let summed = wanted.filter { $0 < captureCount }
    func parameters(_ positions: [Int]) -> [ValueID] { positions.map { body.parameters[$0 + 1] } }
    func mapped(_ positions: [Int]) -> [ValueID] {
      parameters(positions).map { reverse.parameter(for: $0) }
    }
    let gradients = Dictionary(uniqueKeysWithValues: zip(wanted, region.results))
    let seedParameters = reverse.seeds
    var builder = FunctionBuilder(continuing: region, name: region.name)
    let sums = summed.map { builder.parameter(body[body.parameters[$0 + 1]]) }
    let nextSums = try zip(summed, sums).map { position, sum in
      guard let gradient = gradients[position] else { return sum }
      return try builder.add(sum, gradient)
    }
    let carried = carries.compactMap { gradients[$0] }
    let stacked = wanted.filter { $0 >= carries.upperBound }
    region = builder.finish(
      returning: carried + nextSums + stacked.compactMap { gradients[$0] })
    region.parameters =
      [reverse.parameter(for: body.parameters[0])] + mapped(captures)
      + seedParameters.prefix(carryCount) + sums + mapped(stacks)
      + seedParameters.dropFirst(carryCount)

    func residuals(_ positions: [Int]) throws -> [ValueID] {
      try positions.map { try pass.residual(operation.operands[$0]) }
    }
    var operands = try residuals(captures)
    for (position, carry) in carries.enumerated() {
      operands.append(
        try cotangents[position] ?? pass.builder.splat(0, pass.type(operation.operands[carry])))
    }
    for position in summed {
      operands.append(try pass.builder.splat(0, pass.type(operation.operands[position])))
    }
    operands += try residuals(stacks)
    operands += seeds.compactMap { cotangents[$0] }
    let transposed = Scan(
      length: length, isReversed: !isReversed, captureCount: captures.count,
      carryCount: carryCount + summed.count, body: region)
    // A choice among stacked results says nothing of lanes: each slice depends on those before it.
    let lanes = seeds.isEmpty ? try pass.lanesChosen(cotangents, of: body) : nil
    let results = try pass.builder.emitAll(.scan(transposed), operands)
    for (position, result) in zip(Array(carries) + summed + stacked, results)
    where pass.isLinear(operation.operands[position]) {
      let isStack = position >= carries.upperBound
      let gradient = try isStack ? result : pass.kept(result, in: lanes)
      try pass.accumulate(gradient, on: operation.operands[position])
    }
  }
}

/// The transpose of a region that is linear in some of its parameters.
struct TransposedRegion {
  /// Takes the region's other parameters, then the seeds; returns the cotangents of the parameters in
  /// which the region is linear.
  var region: Region
  /// The parameters that take cotangents of results.
  var seeds: [ValueID]
  /// What stands for each parameter of the original.
  fileprivate var copies: [ValueID: ValueID]

  /// What stands for a parameter of the original.
  func parameter(for original: ValueID) -> ValueID {
    guard let copy = copies[original] else {
      preconditionFailure("the transpose keeps all parameters that are not linear")
    }
    return copy
  }
}

extension Region {
  /// The transpose in some parameters, given cotangents of some results, both by position.
  func transposed(in linear: [Int], seeds: [Int]) throws -> TransposedRegion {
    let split = try splitting(linear)
    var pass = ReversePass(
      split.whole, source: split.source, tangents: split.tangents, name: name)
    let parameters = try seeds.map { position in
      let cotangent = pass.builder.parameter(self[results[position]])
      try pass.accumulate(cotangent, on: split.whole.results[position])
      return cotangent
    }
    try pass.transposeOperations()
    let gradients = try split.tangents.map { tangent in
      try pass.takeCotangent(of: tangent) ?? pass.builder.splat(0, split.whole[tangent])
    }
    return TransposedRegion(
      region: pass.builder.finish(returning: gradients), seeds: parameters, copies: split.copies)
  }

  /// The region with what does not depend on some parameters first, and that part alone.
  private func splitting(
    _ linear: [Int]
  ) throws -> (
    whole: Function, source: Function, tangents: [ValueID], copies: [ValueID: ValueID]
  ) {
    let originals = linear.map { parameters[$0] }
    let isTangent = dependents(on: originals)
    let isLinear = Set(originals)
    var copier = RegionCopier(from: self)
    for parameter in parameters where !isLinear.contains(parameter) {
      copier.parameter(for: parameter)
    }
    let read = residuals(isTangent) + results.filter { !isTangent[$0.index] }
    try copier.copy(read)
    let source = copier.builder.function
    for parameter in originals { copier.parameter(for: parameter) }
    let returned = try copier.copy(results)
    var copies: [ValueID: ValueID] = [:]
    for parameter in parameters { copies[parameter] = copier.copy(of: parameter) }
    return (
      copier.builder.finish(returning: returned), source,
      originals.compactMap { copies[$0] }, copies
    )
  }
}
