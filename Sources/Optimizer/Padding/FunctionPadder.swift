import TensorIR

extension Function {
  /// One function for a range of sizes, made of traces of one closure at some of them.
  ///
  /// - Parameters:
  ///   - traces: functions without calls, that at the largest size last.
  ///   - varied: constants, by position, that are known to depend on the size.
  /// - Throws: `PaddingRefusal` where there is none with exact results; `AdjointError` where the traces
  ///   break a typing rule.
  package static func padded(
    _ traces: [Function], varied: Set<Int> = []
  ) throws -> PaddedFunction {
    let traces = try traces.map { try $0.preparedForPadding() }
    let alignment = try TraceAlignment(traces, varied: varied)
    let last = traces[traces.count - 1]
    var padder = FunctionPadder(alignment, traces, name: last.name)
    padder.builder.location = last.location
    for parameter in last.parameters {
      let axes = padder.extents(of: parameter).map { AxisForm($0) }
      let value = padder.builder.parameter(last[parameter])
      try padder.define(parameter, value, PaddedForm(axes, isZeroPadded: true))
    }
    try padder.run()
    let forms = last.results.map { padder.form(of: $0) }
    let results = try forms.map { form in
      try form.axes.flatMap { try $0.factors.map(alignment.expression) }
    }
    let scalars = padder.scalars
    let literals = padder.literals
    var function = padder.builder.finish(returning: last.results.map { padder.value(of: $0) })
    function.parameters =
      Array(function.parameters.prefix(last.parameters.count)) + scalars.map(\.value)
      + literals.map(\.value)
    function.donatedParameters = last.donatedParameters
    return PaddedFunction(
      function: function, outline: alignment.outlines[alignment.count - 1],
      classes: alignment.classes, largest: alignment.numbers.map(\.padded),
      scalars: scalars.map(\.index), liftedLiterals: literals.map(\.position),
      bounds: Array(alignment.bounds), ratios: alignment.ratios,
      products: Array(alignment.products), results: results)
  }

  /// The function without what no result needs and without stated derivatives.
  func preparedForPadding() throws -> Function {
    var function = try droppingCustomDerivatives()
    _ = function.dropUnneeded()
    return function
  }
}

/// Makes a padded function, or one of its regions, operation by operation.
struct FunctionPadder {
  /// What differs between the traces.
  let alignment: TraceAlignment
  /// The function or region in each trace.
  let traces: [Function]
  /// What has been made.
  var builder: FunctionBuilder
  /// The padded value of each value, and what is known of it.
  private var values: [(value: ValueID, form: PaddedForm)?]
  /// Parameters for numbers of a size, by class.
  private(set) var scalars: [(index: Int, value: ValueID)] = []
  /// Parameters for constants, by position.
  private(set) var literals: [(position: Int, value: ValueID)] = []
  /// Whether the index along an axis is that of a valid element.
  private var masks: [AxisForm: ValueID] = [:]

  init(_ alignment: TraceAlignment, _ traces: [Function], name: String) {
    self.alignment = alignment
    self.traces = traces
    builder = FunctionBuilder(name: name)
    values = Array(repeating: nil, count: traces[traces.count - 1].types.count)
  }

  /// The trace at the bucket's size.
  var last: Function { traces[traces.count - 1] }

  // MARK: Values

  /// Notes the padded value of a value.
  ///
  /// - Throws: `PaddingRefusal` where an extent is largest at another size than the bucket's.
  mutating func define(_ value: ValueID, _ padded: ValueID, _ form: PaddedForm) throws {
    for factor in form.axes.lazy.flatMap(\.factors) where !factor.isFixed {
      try alignment.requireExtent(factor)
    }
    for axis in form.axes { try alignment.requireProduct(axis) }
    values[value.index] = (padded, form)
  }

  /// The padded value of a value that has one.
  func value(of value: ValueID) -> ValueID { known(value).value }

  /// What is known of the padded value of a value.
  func form(of value: ValueID) -> PaddedForm { known(value).form }

  private func known(_ value: ValueID) -> (value: ValueID, form: PaddedForm) {
    guard let known = values[value.index] else {
      preconditionFailure("values are defined before they are used")
    }
    return known
  }

  /// The extents of a value in the traces.
  func extents(of value: ValueID) -> [TracedNumber] {
    (0..<last[value].rank).map { axis in TracedNumber(traces.map { $0[value].shape[axis] }) }
  }

  /// Axes of a value that come from nowhere: their valid parts are prefixes.
  func created(_ value: ValueID) -> [AxisForm] { extents(of: value).map { AxisForm($0) } }

  /// A number of an op, taken from each trace's.
  func number(_ ops: [Op], _ read: (Op) -> Int) -> TracedNumber { TracedNumber(ops.map(read)) }

  // MARK: Walk

  /// Pads all operations.
  mutating func run() throws {
    for position in last.operations.indices {
      let operation = last.operations[position]
      builder.location = operation.location
      do {
        try pad(operation, traces.map { $0.operations[position].op })
      } catch let refusal as PaddingRefusal {
        throw refusal.placed(at: operation)
      }
    }
  }

  /// Adds an operation like the trace's for padded operands, whose result has a form.
  mutating func emit(
    _ operation: Operation, _ op: Op, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    let results = try builder.emitAll(op, operands, at: operation.location)
    for position in operation.results.indices {
      try define(operation, position, results[position], forms[position])
    }
  }

  /// Notes a result of an operation.
  mutating func define(
    _ operation: Operation, _ position: Int, _ padded: ValueID, _ form: PaddedForm
  ) throws {
    let result = operation.results[position]
    guard builder[padded] == last[result],
      zip(form.axes, extents(of: result)).allSatisfy({ $0.extent == $1 })
    else { throw PaddingRefusal("its result has another shape when padded") }
    try define(result, padded, form)
  }

  // MARK: What depends on the size

  /// A scalar i32 of a number at the call's size.
  mutating func scalar(_ number: TracedNumber) throws -> ValueID {
    guard number.values.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw PaddingRefusal("an extent is too large")
    }
    let extent = try alignment.expression(of: number)
    guard let index = extent.index else {
      return try builder.constant(Literal(TensorType([], .i32), integers: [Int64(extent.padded)]))
    }
    var value: ValueID
    if let known = scalars.first(where: { $0.index == index }) {
      value = known.value
    } else {
      value = builder.parameter(TensorType([], .i32))
      scalars.append((index, value))
    }
    for (factor, op) in [(extent.multiplier, BinaryOp.multiply), (extent.divisor, .divide)]
    where factor != 1 {
      let other = Literal(TensorType([], .i32), integers: [Int64(factor)])
      value = try builder.binary(op, value, builder.constant(other))
    }
    return value
  }

  /// A parameter for a class of numbers, for what a region reads.
  mutating func scalar(ofClass index: Int) throws -> ValueID {
    try scalar(alignment.numbers[index])
  }

  /// A parameter for a constant that depends on the size.
  mutating func constant(_ position: Int) -> ValueID {
    if let known = literals.first(where: { $0.position == position }) { return known.value }
    let value = builder.parameter(alignment.outlines[alignment.count - 1].literals[position].type)
    literals.append((position, value))
    alignment.lifted.insert(position)
    return value
  }

  // MARK: Masks

  /// For each index along an axis whether an element there is valid.
  mutating func mask(_ axis: AxisForm) throws -> ValueID {
    if let known = masks[axis] { return known }
    let shape = axis.factors.map(\.padded)
    let type = TensorType(shape, .i32)
    var mask: ValueID?
    for (position, factor) in axis.factors.enumerated() where !factor.isFixed {
      let index = try builder.emit(.iota(type, dimension: position), [])
      let count = try builder.broadcast(scalar(factor), to: shape, dimensions: [])
      let isValid = try builder.compare(.less, index, count)
      mask = try mask.map { try builder.binary(.and, $0, isValid) } ?? isValid
    }
    guard let mask else { preconditionFailure("only axes that vary are masked") }
    let flat = try builder.reshape(mask, to: [axis.extent.padded])
    masks[axis] = flat
    return flat
  }

  /// A value with a scalar in place of the elements that are not valid along some axes.
  mutating func masked(
    _ value: ValueID, _ form: PaddedForm, along axes: [Int], with fill: ValueID
  ) throws -> ValueID {
    let shape = builder[value].shape
    var isValid: ValueID?
    for axis in axes where !form.axes[axis].isFixed {
      let mask = try builder.broadcast(mask(form.axes[axis]), to: shape, dimensions: [axis])
      isValid = try isValid.map { try builder.binary(.and, $0, mask) } ?? mask
    }
    guard let isValid else { return value }
    let others = try builder.broadcast(fill, to: shape, dimensions: [])
    return try builder.select(isValid, value, others)
  }

  /// A value with zeros in place of the elements that are not valid along some axes.
  mutating func zeroMasked(
    _ value: ValueID, _ form: PaddedForm, along axes: [Int]
  ) throws -> ValueID {
    guard !form.isZeroPadded, axes.contains(where: { !form.axes[$0].isFixed }) else {
      return value
    }
    return try masked(value, form, along: axes, with: zero(builder[value].element))
  }

  /// A scalar zero, or false.
  mutating func zero(_ element: ElementType) throws -> ValueID {
    try builder.constant(Literal(TensorType([], element), filledWith: 0))
  }

  /// Whether a value is known to be zero everywhere.
  func isZero(_ value: ValueID) -> Bool {
    guard let operation = builder.definition(of: value) else { return false }
    if case .constant(let literal) = operation.op { return literal.splatValue == 0 }
    if case .shape(.broadcast) = operation.op { return isZero(operation.operands[0]) }
    return false
  }
}
