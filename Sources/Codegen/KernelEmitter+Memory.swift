internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// How the lanes of an access lie in memory.
  private enum Layout {
    /// All lanes at one element.
    case uniform
    /// Neighbouring lanes at neighbouring elements.
    case contiguous
    /// Neighbouring lanes at neighbouring elements, backwards.
    case reversed
    /// Neighbouring lanes so many elements apart, which are few.
    case strided(Int)
    /// Anywhere.
    case indexed
  }

  private func layout(_ memory: Memory, _ address: IndexExpression) -> Layout {
    guard let lanes, analysis.isVarying(address, lanes.variable) else {
      return isPerLane(memory) ? .contiguous : .uniform
    }
    if isPerLane(memory) { return .indexed }
    var scalarVaries = false
    address.forEachScalar { scalarVaries = scalarVaries || analysis.varying.contains($0) }
    if scalarVaries { return .indexed }
    switch address.coefficient(of: lanes.variable) {
    case 1: return lanes.isBackwards ? .reversed : .contiguous
    case -1: return lanes.isBackwards ? .contiguous : .reversed
    case let stride?
    where !lanes.isBackwards && StridedLanes.isWorthwhile(stride: stride, width: lanes.width):
      return .strided(stride)
    default: return .indexed
    }
  }

  /// Where memory starts.
  func base(_ memory: Memory) -> LLVMValue {
    switch memory {
    case .slot(let slot): slotPointers[slot]
    case .local(let local): localPointers[local]
    }
  }

  /// Whether each lane has memory of its own.
  func isPerLane(_ memory: Memory) -> Bool {
    if case .local(let local) = memory { return kernel.locals[local].isPerLane }
    return false
  }

  /// The address of the first lane of a copy.
  func pointer(
    _ memory: Memory, _ address: IndexExpression, _ element: ElementType, copy: Int
  ) -> LLVMValue {
    if isPerLane(memory), let lanes {
      let group = lanes.width * lanes.copies
      let place = address * group + copy * lanes.width
      return builder.gep(memoryType(element), base(memory), index(place))
    }
    let shift = lanes.map { $0.width * copy + ($0.isBackwards ? $0.width - 1 : 0) } ?? 0
    // The constant part goes last, so that copies share the varying part of their address.
    var varying = address.shifting(lanes?.variable, by: shift)
    let constant = varying.constant
    varying.constant = 0
    var start = base(memory)
    if lanes == nil, let known = fixedStarts[FixedStart.Access(memory: memory, address: varying)] {
      (start, varying) = (known.start, known.rest)
    } else if lanes == nil, varying.isLookedUp {
      // What was looked up goes behind what loops around know.
      let (fixed, lookedUp) = varying.partsLookedUp
      start = builder.gep(memoryType(element), start, index(fixed))
      varying = lookedUp
    }
    start = builder.gep(memoryType(element), start, index(varying))
    return builder.gep(start, bytes: constant * element.byteCount)
  }

  /// The place of each lane of a copy.
  private func places(_ memory: Memory, _ address: IndexExpression, copy: Int) -> LLVMValue {
    let index = indexVector(address, copy: copy)
    guard isPerLane(memory), let lanes else { return index }
    // Element after element, each has its lanes side by side.
    let lane = builder.add(
      builder.stepVector(module.i64, lanes.width),
      builder.int(copy * lanes.width, index.type))
    return builder.add(
      builder.mul(index, builder.int(lanes.width * lanes.copies, index.type)), lane)
  }

  // MARK: Loads

  func load(
    _ memory: Memory, _ address: IndexExpression, condition: ScalarID?, _ element: ElementType,
    varies: Bool
  ) -> [LLVMValue] {
    let decided = condition.flatMap { known[$0] }
    let condition = decided == true ? nil : condition
    guard varies, let lanes else {
      if decided == false { return [builder.zero(type(element))] }
      return [uniformLoad(memory, address, condition: condition, element)]
    }
    if decided == false {
      let zero = builder.zero(module.vector(type(element), lanes.width))
      return [LLVMValue](repeating: zero, count: lanes.copies)
    }
    return (0..<lanes.copies).map { copy in
      fromMemory(laneLoad(memory, address, condition: condition, element, copy: copy), element)
    }
  }

  private func uniformLoad(
    _ memory: Memory, _ address: IndexExpression, condition: ScalarID?, _ element: ElementType
  ) -> LLVMValue {
    let place = pointer(memory, address, element, copy: 0)
    guard let condition else {
      return fromMemory(
        builder.load(memoryType(element), place, alignment: element.byteCount), element)
    }
    let holds = uniform(condition)
    let safe = builder.select(holds, place, base(memory))
    let value = builder.load(memoryType(element), safe, alignment: element.byteCount)
    return fromMemory(
      builder.select(holds, value, builder.zero(memoryType(element))), element)
  }

  private func laneLoad(
    _ memory: Memory, _ address: IndexExpression, condition: ScalarID?, _ element: ElementType,
    copy: Int
  ) -> LLVMValue {
    let mask = mask(condition, copy: copy)
    let width = lanes?.width ?? 1
    let type = module.vector(memoryType(element), width)
    let zero = builder.zero(type)
    let layout = layout(memory, address)
    switch layout {
    case .contiguous:
      let place = pointer(memory, address, element, copy: copy)
      guard let mask else { return builder.load(type, place, alignment: element.byteCount) }
      if let condition, lanes?.masks[copy] == nil, !analysis.varying.contains(condition) {
        let read = builder.select(uniform(condition), place, zeros(width * element.byteCount))
        return builder.load(type, read, alignment: element.byteCount)
      }
      return builder.maskedLoad(
        type, harmless(place, memory, condition, mask: mask), mask: mask, passthru: zero,
        alignment: element.byteCount)
    case .reversed where mask == nil && width > 1:
      let lanes = width - 1
      let place = pointer(memory, address + -lanes, element, copy: copy)
      let value = builder.load(type, place, alignment: element.byteCount)
      return builder.shuffle(value, Array((0..<width).reversed()))
    case .strided(let stride) where mask == nil:
      let place = pointer(memory, address, element, copy: copy)
      return StridedLanes(stride: stride, width: width).loaded(builder) { first in
        builder.load(
          type, builder.gep(place, bytes: first * element.byteCount), alignment: element.byteCount)
      }
    case .uniform, .reversed, .strided, .indexed:
      let everyLane = builder.splat(builder.bool(true), width)
      return builder.gather(
        type, base: base(memory), indices: places(memory, address, copy: copy),
        mask: mask ?? everyLane, passthru: zero)
    }
  }

  /// A place that holds zeros, for what is read in all lanes or in none: neither masks nor addresses
  /// outside of memory are needed then.
  private func zeros(_ byteCount: Int) -> LLVMValue {
    module.sharedConstantData("adjoint.zeros.\(byteCount)") {
      [UInt8](repeating: 0, count: byteCount)
    }
  }

  /// Whether a store of some lanes of a vector takes no longer than one of all.
  private func masksStores(_ element: ElementType) -> Bool {
    module.target.has("avx512f") && element.byteCount >= 4
  }

  /// The lanes of a copy in which an access happens; nil is all.
  func mask(_ condition: ScalarID?, copy: Int) -> LLVMValue? {
    let inRange = lanes?.masks[copy] ?? nil
    guard let condition else { return inRange }
    let holds = vector(condition, copy: copy)
    return inRange.map { builder.and($0, holds) } ?? holds
  }

  // MARK: Stores

  func emit(_ store: Store) {
    let element = element(of: store.value)
    let decided = store.condition.flatMap { known[$0] }
    if decided == false { return }
    var store = store
    if decided == true { store.condition = nil }
    guard let lanes else { return uniformStore(store, uniform(store.value), element) }
    guard isPerLane(store.memory) || analysis.isVarying(store.address, lanes.variable) else {
      let value =
        store.combining.map { foldedLanes(store.value, $0) } ?? uniform(store.value)
      return uniformStore(store, value, element)
    }
    for copy in 0..<lanes.copies {
      laneStore(store, element, copy: copy)
    }
  }

  /// A scalar of all lanes in range, combined in a fixed tree.
  private func foldedLanes(_ scalar: ScalarID, _ kind: Reduction.Kind) -> LLVMValue {
    let element = element(of: scalar)
    let identity = constant(kind.identity(of: element))
    let values = (0..<(lanes?.copies ?? 1)).map { copy in
      let value = vector(scalar, copy: copy)
      guard let lanes, let mask = lanes.masks[copy] else { return value }
      return builder.select(mask, value, builder.splat(identity, lanes.width))
    }
    return folded(values, kind, element)
  }

  private func uniformStore(_ store: Store, _ newValue: LLVMValue, _ element: ElementType) {
    let write = { [self] in
      let place = pointer(store.memory, store.address, element, copy: 0)
      var value = newValue
      if let kind = store.combining {
        let old = builder.load(memoryType(element), place, alignment: element.byteCount)
        value = apply(
          .binary(kind.binary), [fromMemory(old, element), value], [element, element])
      }
      builder.store(toMemory(value, element), place, alignment: element.byteCount)
    }
    guard let condition = store.condition else { return write() }
    let then = builder.appendBlock("then")
    let after = builder.appendBlock("after")
    builder.condBr(uniform(condition), then, after)
    builder.position(at: then)
    write()
    builder.br(after)
    builder.position(at: after)
  }

  private func laneStore(_ store: Store, _ element: ElementType, copy: Int) {
    let mask = mask(store.condition, copy: copy)
    var value = vector(store.value, copy: copy)
    if let kind = store.combining {
      let old = laneLoad(
        store.memory, store.address, condition: store.condition, element, copy: copy)
      value = apply(.binary(kind.binary), [fromMemory(old, element), value], [element, element])
    }
    let stored = toMemory(value, element)
    let layout = layout(store.memory, store.address)
    switch layout {
    case .contiguous:
      let place = pointer(store.memory, store.address, element, copy: copy)
      if let mask {
        builder.maskedStore(
          stored, harmless(place, store.memory, store.condition, mask: mask), mask: mask,
          alignment: element.byteCount)
      } else {
        builder.store(stored, place, alignment: element.byteCount)
      }
    case .reversed where mask == nil:
      let width = lanes?.width ?? 1
      let place = pointer(store.memory, store.address + (1 - width), element, copy: copy)
      let backwards =
        width > 1 ? builder.shuffle(stored, Array((0..<width).reversed())) : stored
      builder.store(backwards, place, alignment: element.byteCount)
    case .strided(let stride) where mask == nil && masksStores(element):
      let place = pointer(store.memory, store.address, element, copy: copy)
      StridedLanes(stride: stride, width: lanes?.width ?? 1).store(stored, builder) {
        first, value, isLane in
        builder.maskedStore(
          value, builder.gep(place, bytes: first * element.byteCount),
          mask: builder.constantVector(isLane.map(builder.bool)), alignment: element.byteCount)
      }
    case .uniform, .reversed, .strided, .indexed:
      let width = lanes?.width ?? 1
      let places = builder.gep(
        memoryType(element), base(store.memory), places(store.memory, store.address, copy: copy))
      builder.scatter(
        stored, places, mask: mask ?? builder.splat(builder.bool(true), width),
        alignment: element.byteCount)
    }
  }

}
