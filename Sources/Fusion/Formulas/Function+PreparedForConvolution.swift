internal import LoopIR
internal import TensorIR

extension Function {
  /// The function with what convolutions need before they are products, sums of a few terms, or loops over
  /// taps: padding is a tensor of its own, a dilated input becomes one convolution for each phase of the
  /// result, and results of products have features last; and the values that are better in memory.
  func preparedForConvolution() throws -> (Function, forced: Set<ValueID>) {
    let isNeeded = operations.contains { if case .convolution = $0.op { true } else { false } }
    guard isNeeded else { return (self, []) }
    let useCounts = useCounts()
    var preparation = ConvolutionPreparation()
    let prepared = try replacingOperations { operation, operands, builder in
      guard case .convolution(let convolution) = operation.op else { return nil }
      let form = convolution.form(
        self[operation.operands[0]], self[operation.operands[1]], self[operation.result])
      let result = try preparation.emit(
        convolution, operands[0], operands[1], self[operation.result], form, &builder)
      if form == .stencil, useCounts[operation.result.index] > 1 {
        preparation.forced.insert(result)
      }
      return [result]
    }
    return (prepared, preparation.forced)
  }
}

/// What a convolution becomes.
enum ConvolutionForm {
  /// A product in register tiles.
  case product
  /// A sum that is written out.
  case stencil
  /// A loop over taps and features.
  case loop
}

extension Convolution {
  /// What the convolution becomes.
  fileprivate func form(
    _ left: TensorType, _ right: TensorType, _ type: TensorType
  ) -> ConvolutionForm {
    isWorthwhile(left, right, type) ? .product : isStencil(left, right, type) ? .stencil : .loop
  }
}

/// Convolutions on their way to kernels.
struct ConvolutionPreparation {
  /// Padding of a value.
  private struct Padding: Hashable {
    var value: ValueID
    var low: [Int]
    var high: [Int]
  }

  /// Values that are better in memory.
  var forced: Set<ValueID> = []
  private var padded: [Padding: ValueID] = [:]

  /// Emits a convolution whose result has the given type.
  mutating func emit(
    _ convolution: Convolution, _ input: ValueID, _ kernel: ValueID, _ type: TensorType,
    _ form: ConvolutionForm, _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let features = type.rank - 1
    if form == .product, convolution.output.feature != features {
      return try emitFeaturesLast(convolution, input, kernel, type, &builder)
    }
    if let axis = convolution.inputDilation.firstIndex(where: { $0 > 1 }) {
      guard convolution.strides[axis] == 1,
        convolution.kernelDilation[axis].greatestCommonDivisor(
          with: convolution.inputDilation[axis]) == 1
      else { return try builder.emit(.convolution(convolution), [input, kernel]) }
      return try emitPhases(convolution, along: axis, input, kernel, type, form, &builder)
    }
    var plain = convolution
    var (low, high) = (builder[input].shape.map { _ in 0 }, builder[input].shape.map { _ in 0 })
    for axis in 0..<convolution.spatialRank
    where !convolution.isInside(axis, builder[input], builder[kernel], type) {
      low[convolution.input.spatial[axis]] = convolution.low[axis]
      high[convolution.input.spatial[axis]] = convolution.high[axis]
      (plain.low[axis], plain.high[axis]) = (0, 0)
    }
    let operand = try pad(input, low, high, &builder)
    if form == .stencil { return try builder.emitTaps(plain, operand, kernel, type) }
    if form == .loop, operand != input { forced.insert(operand) }
    return try builder.emit(.convolution(plain), [operand, kernel])
  }

  /// A value with zeros around it, made once for all that need it.
  private mutating func pad(
    _ value: ValueID, _ low: [Int], _ high: [Int], _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    guard (low + high).contains(where: { $0 != 0 }) else { return value }
    let padding = Padding(value: value, low: low, high: high)
    if let known = padded[padding] { return known }
    let element = builder[value].element
    let zero = try builder.constant(Literal(TensorType([], element), filledWith: 0))
    let result = try builder.emit(
      .shape(.pad(low: low, high: high, interior: low.map { _ in 0 })), [value, zero])
    padded[padding] = result
    return result
  }

  /// The convolution with the result's features last, and a transpose behind it.
  private mutating func emitFeaturesLast(
    _ convolution: Convolution, _ input: ValueID, _ kernel: ValueID, _ type: TensorType,
    _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let order =
      type.shape.indices.filter { $0 != convolution.output.feature }
      + [convolution.output.feature]
    var place = order
    for (position, axis) in order.enumerated() { place[axis] = position }
    var last = convolution
    last.output = Convolution.Layout(
      batch: place[convolution.output.batch], feature: place[convolution.output.feature],
      spatial: convolution.output.spatial.map { place[$0] })
    let ordered = TensorType(type.shape.selecting(order), type.element)
    let result = try emit(last, input, kernel, ordered, .product, &builder)
    return try builder.transpose(result, permutation: place)
  }

  /// The convolution of an input dilated along an axis: places of the result that are as many apart as
  /// the input's elements meet the same taps, so each such phase is a convolution of the input as it is
  /// with every so manyth tap of the kernel.
  private mutating func emitPhases(
    _ convolution: Convolution, along axis: Int, _ input: ValueID, _ kernel: ValueID,
    _ type: TensorType, _ form: ConvolutionForm, _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let dilation = convolution.inputDilation[axis]
    let place = convolution.output.spatial[axis]
    let extent = type.shape[place]
    let longest = (extent + dilation - 1) / dilation
    var parts = [ValueID]()
    for phase in 0..<dilation {
      var partType = type
      partType.shape[place] = (extent - phase + dilation - 1) / dilation
      var part = try emitPhase(
        phase, of: convolution, along: axis, input, kernel, partType, form, &builder)
      if partType.shape[place] < longest {
        let high = type.shape.indices.map { $0 == place ? longest - partType.shape[place] : 0 }
        part = try pad(part, high.map { _ in 0 }, high, &builder)
      }
      var shape = builder[part].shape
      shape.insert(1, at: place + 1)
      parts.append(try builder.reshape(part, to: shape))
    }
    let all = try builder.emit(.shape(.concatenate(dimension: place + 1)), parts)
    var shape = type.shape
    shape[place] = longest * dilation
    let joined = try builder.reshape(all, to: shape)
    guard shape != type.shape else { return joined }
    return try builder.emit(
      .shape(
        .slice(
          starts: shape.map { _ in 0 }, limits: type.shape, strides: shape.map { _ in 1 })),
      [joined])
  }

  /// The places of the result from `phase` on in steps of the input's dilation.
  private mutating func emitPhase(
    _ phase: Int, of convolution: Convolution, along axis: Int, _ input: ValueID,
    _ kernel: ValueID, _ type: TensorType, _ form: ConvolutionForm,
    _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let dilation = convolution.inputDilation[axis]
    let kernelAxis = convolution.kernel.spatial[axis]
    let taps = builder[kernel].shape[kernelAxis]
    let step = convolution.kernelDilation[axis]
    func position(_ tap: Int) -> Int { phase + tap * step - convolution.low[axis] }
    let first = (0..<min(dilation, taps)).first { position($0).isMultiple(of: dilation) }
    guard let first, type.count > 0 else { return try builder.splat(0, type) }
    let count = (taps - first + dilation - 1) / dilation
    // Taps of a reversed axis are counted from the other end.
    let start =
      convolution.reversal[axis] ? taps - 1 - first - (count - 1) * dilation : first
    let shape = builder[kernel].shape
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    var strides = shape.map { _ in 1 }
    (starts[kernelAxis], limits[kernelAxis]) = (start, start + (count - 1) * dilation + 1)
    strides[kernelAxis] = dilation
    let isWhole = limits == shape && starts[kernelAxis] == 0 && dilation == 1
    let part =
      isWhole
      ? kernel
      : try builder.emit(
        .shape(.slice(starts: starts, limits: limits, strides: strides)), [kernel])
    var plain = convolution
    plain.inputDilation[axis] = 1
    plain.low[axis] = -(position(first) / dilation)
    plain.high[axis] =
      (count - 1) * step + type.shape[convolution.output.spatial[axis]] - plain.low[axis]
      - builder[input].shape[convolution.input.spatial[axis]]
    return try emit(plain, input, part, type, form, &builder)
  }
}
