/// A value of a function, by its place in the function's value table.
package struct ValueID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The index into `Function.types`.
  package var index: Int

  @inlinable
  package init(_ index: Int) { self.index = index }

  @inlinable
  package static func == (left: ValueID, right: ValueID) -> Bool { left.index == right.index }

  @inlinable
  package static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }

  @inlinable
  package func _rawHashValue(seed: Int) -> Int { index.scattered(by: seed) }

  package var description: String { "%\(index)" }
}

/// One step of a function: an op applied to values, giving values.
package struct Operation: Hashable, Sendable {
  /// What is computed.
  package var op: Op
  /// The values it reads, by role in the op's documented order.
  package var operands: [ValueID]
  /// The values it defines.
  package var results: [ValueID]
  /// Where it was written or traced.
  package var location: SourceLocation

  @inlinable
  package init(
    _ op: Op, _ operands: [ValueID], results: [ValueID], at location: SourceLocation = .unknown
  ) {
    self.op = op
    self.operands = operands
    self.results = results
    self.location = location
  }

  /// The value defined, or the first of several.
  ///
  /// - Requires: the op has a result.
  @inlinable
  package var result: ValueID { results[0] }
}

/// A function in SSA form: parameters, operations in execution order, and returned values.
///
/// Invariants, checked by `verify(in:)`:
/// - V1: every value is defined once, by a parameter or an operation before all its uses.
/// - V2: every id is an index of `types`, and every entry of `types` is defined.
/// - V3: result types are those that the op's typing rule infers from its operands.
/// - V4: a call names a function of the module with the same parameter and result types, and no
///   function calls itself, directly or through others; no chain of calls exceeds 256.
/// - V6: regions keep these invariants too, and nest at most 64 deep.
/// - V5: extents are not negative, and sizes in bytes fit an `Int`.
package struct Function: Sendable, Hashable {
  /// The symbol, without `@`.
  package var name: String
  /// Whether the text says `private`.
  package var isPrivate: Bool
  /// The values the caller passes.
  package var parameters: [ValueID]
  /// The steps, each after what it reads.
  package var operations: [Operation]
  /// The values returned.
  package var results: [ValueID]
  /// The type of each value, by id.
  package var types: [TensorType]
  /// The parameters, by number, whose memory the caller gives up, so that results may take it over.
  package var donatedParameters: Set<Int> = []
  /// The attribute dictionaries written behind parameters and results, and behind the function's
  /// signature, as written in text with braces; empty strings or arrays where there are none.
  package var writtenAttributes = WrittenAttributes()
  /// Where the function was written.
  package var location: SourceLocation

  /// Attribute dictionaries that must survive a round trip; what they mean to the compiler is read
  /// into `donatedParameters`.
  package struct WrittenAttributes: Sendable, Hashable {
    /// One per parameter, or none at all.
    package var parameters: [String] = []
    /// One per result, or none at all.
    package var results: [String] = []
    /// Behind `attributes` after the signature.
    package var function: String = ""
    /// Whether a function that is not private was written without `public`.
    package var omitsVisibility = false

    package init() {}
  }

  package init(name: String, isPrivate: Bool = false, location: SourceLocation = .unknown) {
    self.name = name
    self.isPrivate = isPrivate
    self.location = location
    parameters = []
    operations = []
    results = []
    types = []
  }

  /// The type of a value.
  @inlinable
  package subscript(_ value: ValueID) -> TensorType { types[value.index] }

  /// The parameters' types.
  package var parameterTypes: [TensorType] { parameters.map { self[$0] } }
  /// The returned values' types.
  package var resultTypes: [TensorType] { results.map { self[$0] } }

  /// For each value, the position in `operations` of its definition; nil for parameters.
  package func definitions() -> [Int?] {
    var positions = [Int?](repeating: nil, count: types.count)
    // Reading members in place copies no operation.
    for position in operations.indices {
      for result in operations[position].results { positions[result.index] = position }
    }
    return positions
  }

  /// For each value, how many times operations and the return read it.
  package func useCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: types.count)
    for position in operations.indices {
      for operand in operations[position].operands { counts[operand.index] += 1 }
    }
    for result in results { counts[result.index] += 1 }
    return counts
  }

  /// Calls `body` for every operation, those of regions included, each before its regions'.
  package func forEachOperation(_ body: (Operation) throws -> Void) rethrows {
    for operation in operations {
      try body(operation)
      for region in operation.op.regions { try region.forEachOperation(body) }
    }
  }
}

/// A file's worth of functions.
package struct Module: Sendable, Equatable {
  /// The symbol, without `@`; nil where the text gives none.
  package var name: String?
  /// The dictionary behind `attributes` as written, with braces; empty where there is none.
  package var writtenAttributes: String
  /// The functions in text order.
  package var functions: [Function]

  package init(name: String? = nil, writtenAttributes: String = "", functions: [Function] = []) {
    self.name = name
    self.writtenAttributes = writtenAttributes
    self.functions = functions
  }

  /// The function of that name.
  package func function(named name: String) -> Function? { functions.first { $0.name == name } }

  /// The function that runs when none is named: `main`, else the first public one, else the first.
  package var entry: Function? {
    function(named: "main") ?? functions.first { !$0.isPrivate } ?? functions.first
  }
}
