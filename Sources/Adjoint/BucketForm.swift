internal import Optimizer
internal import Runtime
internal import Synchronization
internal import TensorIR

/// A program for all sizes of a bucket.
final class BucketForm: Sendable {
  /// The function that it is compiled from.
  let padded: PaddedFunction
  /// The types of the arguments at the bucket's size.
  let types: [TensorType]
  /// Which arguments are filled up.
  let isFilled: [Bool]
  /// The static values of calls.
  let statics: [StaticValue]
  /// How many arguments give their memory to results.
  let donatedCount: Int
  /// The sizes to which arguments are filled up.
  let ends: [Int]
  /// The leading sizes of the calls that it served.
  private let served = Mutex<Set<[Int]>>([])
  /// The program, made by the first call.
  private let body = Mutex<ProgramBody?>(nil)
  /// Held while it is made.
  private let compiling = Mutex<Void>(())

  init(
    _ padded: PaddedFunction, _ types: [TensorType], isFilled: [Bool], statics: [StaticValue],
    donating donatedCount: Int
  ) {
    self.padded = padded
    self.types = types
    self.isFilled = isFilled
    self.statics = statics
    self.donatedCount = donatedCount
    ends = Set(zip(types, isFilled).filter(\.1).map { $0.0.shape[0] }).sorted()
  }

  /// Times and sizes of the compilation; nil before it.
  var report: CompileReport? { body.withLock { $0?.report } }

  /// For how many sizes the program was asked.
  var sizeCount: Int { served.withLock { $0.count } }

  /// Whether arguments of a signature can be filled up to the program's.
  func mayServe(_ signature: Signature, donating donatedCount: Int, in buckets: Buckets) -> Bool {
    guard signature.statics == statics, self.donatedCount == donatedCount,
      signature.types.count == types.count
    else { return false }
    return signature.types.indices.allSatisfy { index in
      let (type, own) = (signature.types[index], types[index])
      guard isFilled[index] else { return type == own }
      return type.element == own.element && type.rank == own.rank
        && type.shape.dropFirst() == own.shape.dropFirst()
        && buckets.size(for: type.shape[0]) == own.shape[0]
    }
  }

  /// How the program serves calls of a signature, which a trace tells.
  ///
  /// - Throws: `PaddedFunction.Mismatch` where it does not.
  func binding(_ traced: TracedFunction, _ signature: Signature) throws -> BucketBinding {
    let inputs = try padded.inputs(for: traced.function)
    let sizes = zip(signature.types, isFilled).filter(\.1).map { $0.0.shape[0] }
    _ = served.withLock { $0.insert(sizes) }
    return BucketBinding(self, traced, inputs)
  }

  /// The program.
  func program(_ options: CompileOptions, traceMilliseconds: Double) throws -> ProgramBody {
    if let body = body.withLock({ $0 }) { return body }
    return try compiling.withLock { _ in
      if let body = body.withLock({ $0 }) { return body }
      let program = try Compiler.compile(
        padded.function, engine: Engine.preferred, options: options,
        parseMilliseconds: traceMilliseconds)
      body.withLock { $0 = program.body }
      return program.body
    }
  }
}

/// How a program of a bucket serves the calls of one signature.
final class BucketBinding: Sendable {
  /// The program.
  let form: BucketForm
  /// What the trace at the call's size reads from outside.
  private let captures: [TensorNode]
  /// The types of the results.
  private let resultTypes: [TensorType]
  /// What the program takes and gives for the size.
  private let inputs: PaddedFunction.Inputs
  /// The values of the parameters behind the arguments, once they are known.
  private let extra = Mutex<[TensorNode]?>(nil)

  init(_ form: BucketForm, _ traced: TracedFunction, _ inputs: PaddedFunction.Inputs) {
    self.form = form
    self.inputs = inputs
    captures = traced.captures
    resultTypes = traced.function.resultTypes
  }

  /// Runs the program on known values.
  func call(_ nodes: [TensorNode], _ program: ProgramBody, at location: SourceLocation) throws
    -> [TensorNode]
  {
    let arguments = try nodes.indices.map { try filled(nodes[$0], $0) }
    return try cut(program.call(arguments + extraValues(at: location)))
  }

  /// Runs the program on known values; results take over the memory of donated values to which `nodes` has
  /// the only reference.
  func update(
    _ nodes: inout [TensorNode], _ program: ProgramBody, at location: SourceLocation
  ) throws -> [TensorNode] {
    var former: [Int: TensorNode] = [:]
    do {
      let extra = try extraValues(at: location)
      for index in nodes.indices {
        let argument = try filled(nodes[index], index)
        guard argument !== nodes[index] else { continue }
        former[index] = nodes[index]
        nodes[index] = argument
      }
      return try cut(program.update(&nodes, extra))
    } catch {
      for (index, node) in former { nodes[index] = node }
      throw error
    }
  }

  /// An argument filled up with zeros.
  private func filled(_ node: TensorNode, _ index: Int) throws -> TensorNode {
    try node.zeroPadded(to: form.types[index])
  }

  /// The values of the parameters behind the arguments.
  private func extraValues(at location: SourceLocation) throws -> [TensorNode] {
    if let known = extra.withLock({ $0 }) { return known }
    let types = form.padded.function.parameterTypes.dropFirst(form.types.count)
    let known = try zip(Evaluation.known(captures, at: location), types).map { node, type in
      try node.zeroPadded(to: type)
    }
    let values = try known + inputs.scalars.map { try TensorNode($0, isLiteral: false) }
    extra.withLock { $0 = values }
    return values
  }

  /// The valid parts of results.
  private func cut(_ nodes: [TensorNode]) throws -> [TensorNode] {
    try zip(nodes, zip(resultTypes, inputs.results)).map { node, part in
      try node.cut(to: part.0, extents: part.1)
    }
  }
}

extension Function {
  /// The function simplified while an outer one is traced: without what depends on sizes, where traces at
  /// several sizes are to be alike.
  func simplifiedInTrace() throws -> Function {
    guard Trace.isForBuckets else { return try simplified() }
    return try simplified(
      SimplificationOptions(disabled: ["inline-regions"], keepsDivisions: true))
  }
}

extension TensorNode {
  /// The value with zeros behind its elements along each axis, in a larger type; itself where that is its
  /// own type.
  ///
  /// - Requires: the value is known.
  func zeroPadded(to type: TensorType) throws -> TensorNode {
    guard type != self.type else { return self }
    return try TensorNode(type) { target in
      let isPrefix = self.type.shape.dropFirst() == type.shape.dropFirst()
      let start = isPrefix ? self.type.byteCount : 0
      if let base = target.baseAddress, target.count > start {
        (base + start).initializeMemory(as: UInt8.self, repeating: 0, count: target.count - start)
      }
      withUnsafeBytes { source in
        copyBox(
          from: source, target, extents: self.type.shape, sourceExtents: self.type.shape,
          targetExtents: type.shape, elementSize: type.element.byteCount)
      }
    }
  }

  /// The elements at the start of each axis, as a tensor of a type; a value of more rows keeps its memory.
  ///
  /// - Requires: the value is known, and nobody else refers to it.
  func cut(
    to type: TensorType, extents: [(valid: Int, padded: Int)]
  ) throws -> TensorNode {
    guard type != self.type else { return self }
    let isPrefix = extents.dropFirst().allSatisfy { $0.valid == $0.padded }
    if isPrefix, let address = knownAddress {
      surrenderMemory()
      return TensorNode(
        type, byteCount: type.byteCount, adopting: address, ofBlock: self.type.byteCount)
    }
    return try TensorNode(type) { target in
      withUnsafeBytes { source in
        copyBox(
          from: source, target, extents: extents.map(\.valid),
          sourceExtents: extents.map(\.padded), targetExtents: extents.map(\.valid),
          elementSize: type.element.byteCount)
      }
    }
  }
}
