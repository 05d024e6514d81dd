import TensorIR

extension ScatterDimensions {
  /// What each update of a scattered product is multiplied by: the operand's element where it lands, and all
  /// other updates that land there.
  ///
  /// The products of those before and of those behind are made one update after the other, so nothing is
  /// divided and updates may be zero. Of updates that are dropped the product says nothing.
  func productsOfOthers(
    _ operand: ValueID, _ indices: ValueID, _ updates: ValueID, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let steps = UpdateSteps(self, builder[indices], builder[updates])
    let starts = try steps.stacked(indices, steps.indexAxes, in: &builder)
    let factors = try steps.stacked(updates, steps.updateAxes, in: &builder)
    let ones = try builder.splat(1, builder[operand])
    let before = try steps.products(starts, factors, from: operand, false, in: &builder)
    let behind = try steps.products(starts, factors, from: ones, true, in: &builder)
    let products = try builder.binary(.multiply, before, behind)
    return try steps.unstacked(products, builder[updates].shape, in: &builder)
  }
}

/// The updates of a scatter one after the other, those of different batches at once.
private struct UpdateSteps {
  /// The scatter of one step, whose updates never meet.
  private var step: ScatterDimensions
  /// The axes of indices, and of updates, along which the steps lie.
  let indexAxes: [Int], updateAxes: [Int]
  /// How many steps there are.
  private let count: Int

  init(_ scatter: ScatterDimensions, _ indices: TensorType, _ updates: TensorType) {
    let batch = indices.shape.indices.filter { $0 != scatter.indexVectorDim }
    let places = updates.shape.indices.filter { !scatter.updateWindowDims.contains($0) }
    let steps = batch.indices.filter { !scatter.scatterIndicesBatchingDims.contains(batch[$0]) }
    let (indexAxes, updateAxes) = (steps.map { batch[$0] }, steps.map { places[$0] })
    (self.indexAxes, self.updateAxes) = (indexAxes, updateAxes)
    count = indexAxes.map { indices.shape[$0] }.reduce(1, *)
    step = scatter
    step.uniqueIndices = true
    step.updateWindowDims = scatter.updateWindowDims.map { $0.without(updateAxes) }
    step.scatterIndicesBatchingDims = scatter.scatterIndicesBatchingDims.map {
      $0.without(indexAxes)
    }
    step.indexVectorDim = scatter.indexVectorDim.without(indexAxes)
  }

  /// A tensor with its axes of steps as one axis in front.
  func stacked(
    _ value: ValueID, _ axes: [Int], in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let shape = builder[value].shape
    let others = shape.indices.filter { !axes.contains($0) }
    return try builder.reshape(
      builder.transpose(value, permutation: axes + others), to: [count] + others.map { shape[$0] })
  }

  /// Stacked updates in the shape of all.
  func unstacked(
    _ value: ValueID, _ shape: [Int], in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let order = updateAxes + shape.indices.filter { !updateAxes.contains($0) }
    let parts = try builder.reshape(value, to: order.map { shape[$0] })
    return try builder.transpose(
      parts, permutation: shape.indices.map { order.firstIndex(of: $0) ?? $0 })
  }

  /// For each update the product of an element and of all updates there before it, or behind it.
  func products(
    _ starts: ValueID, _ factors: ValueID, from initial: ValueID, _ isReversed: Bool,
    in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let type = builder[initial]
    var body = FunctionBuilder(name: "region", location: builder.location)
    _ = body.parameter(TensorType([], .i64))
    let product = body.parameter(type)
    let slices = [starts, factors].map { stack in
      body.parameter(TensorType(Array(builder[stack].shape.dropFirst()), builder[stack].element))
    }
    let seen = try body.emit(
      .gather(step.reading(type, updates: body[slices[1]])), [product, slices[0]])
    let next = try body.emit(.scatter(step), [product] + slices)
    let scan = Scan(
      length: count, isReversed: isReversed, captureCount: 0, carryCount: 1,
      body: body.finish(returning: [next, seen]))
    return try builder.emitAll(.scan(scan), [initial, starts, factors])[1]
  }
}

extension Int {
  /// The axis' number when these axes are gone.
  fileprivate func without(_ axes: [Int]) -> Int { self - axes.filter { $0 < self }.count }
}
