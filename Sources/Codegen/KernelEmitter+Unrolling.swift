internal import LLVMBridge
internal import LoopIR

extension KernelEmitter {
  /// Emits a loop some iterations at a time, each behind the one before, and what is left one by one.
  func emitUnrolled(_ loop: Loop, by together: Int) {
    let (first, end) = range(of: loop)
    let count = builder.sub(end, first)
    let rest = builder.srem(count, builder.int(together, module.i64))
    let whole = builder.sub(end, rest)
    counted(from: first, to: whole, step: together, updating: loop.body) { index in
      for place in 0..<together {
        variables[loop.variable] = builder.add(index, builder.int(place, module.i64))
        emitSerial(loop.body)
      }
    }
    counted(from: whole, to: end, step: 1, updating: loop.body) { index in
      variables[loop.variable] = index
      emitSerial(loop.body)
    }
  }
}
