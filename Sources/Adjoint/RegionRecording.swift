internal import TensorIR

/// A closure recorded as the region of a loop or branch.
struct RegionRecording: Sendable {
  /// The closure's operations; its parameters are its own, then one for each capture.
  private let traced: TracedFunction
  /// How many parameters are its own.
  private let ownCount: Int

  /// Records a closure at parameters of the given types.
  ///
  /// - Throws: `AdjointError` for the first mistake made by the closure, and what it throws.
  init(
    _ types: [TensorType], at location: SourceLocation,
    _ body: ([TensorNode]) throws -> [TensorNode]
  ) throws {
    traced = try Trace.record(types, for: .region, at: location, body)
    ownCount = types.count
  }

  /// The values read from outside.
  var captures: [TensorNode] { traced.captures }
  /// The types of what the closure returns.
  var resultTypes: [TensorType] { traced.function.resultTypes }

  /// The values that some recordings read from outside, each once.
  static func captures(of recordings: [RegionRecording]) -> [TensorNode] {
    var seen = Set<ObjectIdentifier>()
    return recordings.flatMap(\.captures).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The region with the values it reads from outside as constants.
  ///
  /// - Throws: `AdjointError` where one has no value yet.
  func closedRegion(at location: SourceLocation) throws -> Region {
    let captures = captures
    let region = region(capturing: captures, at: ownCount)
    var builder = FunctionBuilder(name: region.name, location: location)
    let own = region.parameters.prefix(ownCount).map { builder.parameter(region[$0]) }
    let constants = try captures.map { capture in
      try builder.constant(TensorData(capture.known(at: location)).literal)
    }
    let results = try builder.inline(region, own + constants)
    return builder.finish(returning: results)
  }

  /// The region that takes captures, among them its own, at a position among its own parameters.
  func region(capturing captures: [TensorNode], at place: Int) -> Region {
    var region = traced.function
    let own = region.parameters.prefix(ownCount)
    let known = Dictionary(
      uniqueKeysWithValues: zip(
        traced.captures.map { ObjectIdentifier($0) }, region.parameters.dropFirst(ownCount)))
    let parameters = captures.map { capture -> ValueID in
      if let parameter = known[ObjectIdentifier(capture)] { return parameter }
      region.types.append(capture.type)
      return ValueID(region.types.count - 1)
    }
    region.parameters = own.prefix(place) + parameters + own.dropFirst(place)
    region.renumber()
    return region
  }
}

extension Op {
  /// The results for these operands: operations of the innermost trace, or else values computed now.
  ///
  /// - Throws: `AdjointError` where operands break the op's typing rule, or failed before.
  func applied(to operands: [TensorNode], at location: SourceLocation) throws -> [TensorNode] {
    var builder = FunctionBuilder(name: "main", location: location)
    let parameters = operands.map { builder.parameter($0.type) }
    let results = try builder.emitAll(self, parameters)
    let function = builder.finish(returning: results)
    return try TracedFunction(function: function, captures: []).applied(
      to: operands, at: location)
  }
}

extension TensorTree {
  /// The tree with other tensors.
  func withNodes(_ nodes: [TensorNode]) throws -> Self {
    var visitor = TensorVisitor(replacingWith: nodes)
    let tree = try visitor.replace(self)
    try visitor.requireEnd()
    return tree
  }

  /// The tensors in the order of a visit, none of which failed.
  func validNodes(at location: SourceLocation) throws -> [TensorNode] {
    var visitor = TensorVisitor(verifying: true)
    do {
      try visitor.read(self)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
    for node in visitor.nodes { if let error = node.failure { throw error } }
    return visitor.nodes
  }

  /// Fails unless another tree has tensors of the same types at the same places.
  func requireSameTypes(
    as next: Self, _ nextNodes: [TensorNode], _ nodes: [TensorNode], _ what: String,
    at location: SourceLocation
  ) throws {
    guard nodes.count == nextNodes.count else {
      throw AdjointError(
        .shape,
        "\(what) has \(nodes.count) tensors before a step and \(nextNodes.count) after it",
        at: location)
    }
    for (position, pair) in zip(nodes, nextNodes).enumerated() where pair.0.type != pair.1.type {
      let paths = (try? TreeVerification.paths(in: self)) ?? []
      let path = paths.indices.contains(position) ? paths[position] : ""
      throw AdjointError(
        .shape,
        "\(what)\(path.isEmpty ? "" : " at \(path)") is \(pair.0.type.words(beside: pair.1.type)) "
          + "before a step and \(pair.1.type.words(beside: pair.0.type)) after it, and must stay the same",
        at: location)
    }
  }
}
