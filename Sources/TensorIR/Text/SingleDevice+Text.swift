// What is said of devices, read where there is one: collectives give the operands back, and the device's
// number is zero.

extension OperationDraft {
  /// The results of a collective operation among one device.
  mutating func expandCollective(in builder: inout FunctionBuilder) throws -> [ValueID] {
    guard case .expansion(let expansion) = syntax else { return [] }
    for name in ["channel_handle", "channel_id"] { _ = attributes.take(name) }
    _ = try attributes.optionalBoolean("use_global_device_ids")
    switch expansion {
    case .collectivePermute:
      let pairs = try attributes.literal("source_target_pairs")
      return try received(pairs, isKept: pairs.type.shape == [1, 2], in: &builder)
    case .collectiveBroadcast:
      let groups = try attributes.literal("replica_groups")
      return try received(groups, isKept: groups.type.shape == [1, 1], in: &builder)
    case .allGather: _ = try attributes.integer("all_gather_dim")
    case .reduceScatter: _ = try attributes.integer("scatter_dimension")
    case .allToAll:
      _ = (try attributes.integer("split_dimension"), try attributes.integer("concat_dimension"))
      guard try attributes.integer("split_count") == 1 else { throw severalDevices }
    default: break
    }
    let groups = try attributes.literal("replica_groups")
    guard groups.type.shape == [1, 1] && groups.doubles == [0] || groups.type.count == 0 else {
      throw severalDevices
    }
    return operands
  }

  /// The operands where the device sends to itself, zeros where nobody sends.
  private func received(
    _ numbers: Literal, isKept: Bool, in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    if numbers.type.count == 0 { return try operandTypes.map { try builder.splat(0, $0) } }
    guard isKept, numbers.doubles.allSatisfy({ $0 == 0 }) else { throw severalDevices }
    return operands
  }

  private var severalDevices: AdjointError {
    AdjointError(
      .unsupported, "\(mnemonic) of several devices is not supported", at: attributes.location)
  }

  /// The number of the only device.
  mutating func expandDeviceNumber(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(0)
    return [try builder.constant(Literal(TensorType([], .u32), integers: [0]))]
  }
}
