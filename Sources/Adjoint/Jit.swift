/// Makes a function compiled to native code out of a closure that computes with tensors.
///
/// The closure runs once for each new signature of its arguments (shapes, element types, static
/// values), to be traced; calls then run the compiled code. Values the closure captures are read
/// when it is traced and stay what they were.
///
///     let step = jit { (w: Tensor<Float>, x: Tensor<Float>) in tanh(matmul(x, w)).sum() }
///     let value = try step(w, x)
///
/// `memoryBudget` is the most temporary memory a call may need; what does not fit is computed again, and
/// where that does not suffice the first call throws. `rematerialization` says what is kept for the
/// backward computation of gradients inside. Neither changes a value. `buckets` lets leading sizes share
/// compiled code.
///
/// - Throws: nothing here; the closure's errors and those of compilation are thrown by calls.
@inlinable
public func jit<each Input: TensorTree, Output: TensorTree>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (repeat each Input) throws -> Output
) -> CompiledFunction<repeat each Input, Output> {
  CompiledFunction(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization, buckets, function,
    read: { output, visitor in try visitor.read(output) },
    template: { output, visitor in TreeTemplate(try visitor.replace(output)) },
    output: { template, visitor in
      try unsafeDowncast(template, to: TreeTemplate<Output>.self).output(from: &visitor)
    })
}

/// Makes a compiled function out of a closure that returns several values, in a tuple of trees.
@inlinable
public func jit<
  each Input: TensorTree, First: TensorTree, Second: TensorTree, each Rest: TensorTree
>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (repeat each Input) throws -> (First, Second, repeat each Rest)
) -> CompiledFunction<repeat each Input, (First, Second, repeat each Rest)> {
  compiledTuple(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization, buckets, function)
}

/// Makes a compiled function out of a closure that returns a pair of trees.
///
/// Apart from the form for any number, because what `valueWithGradient` returns, a pair with labels, becomes
/// a plain pair here and not there.
@inlinable
@_disfavoredOverload
public func jit<each Input: TensorTree, First: TensorTree, Second: TensorTree>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (repeat each Input) throws -> (First, Second)
) -> CompiledFunction<repeat each Input, (First, Second)> {
  compiledTuple(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization, buckets, function)
}

/// A compiled function out of a closure that returns a tuple of any number of trees.
///
/// Apart from `jit`, so that a closure whose result is no tree does not become one that returns an
/// empty tuple.
@inlinable
func compiledTuple<each Input: TensorTree, each Output: TensorTree>(
  at location: SourceLocation, _ memoryBudget: ByteCount?, _ rematerialization: Rematerialization,
  _ buckets: Buckets?,
  _ function: @escaping @Sendable (repeat each Input) throws -> (repeat each Output)
) -> CompiledFunction<repeat each Input, (repeat each Output)> {
  CompiledFunction(
    at: location, memoryBudget, rematerialization, buckets, function,
    read: { output, visitor in repeat try visitor.read(each output) },
    template: { output, visitor in TupleTemplate(repeat try visitor.replace(each output)) },
    output: { template, visitor in
      try unsafeDowncast(template, to: TupleTemplate<repeat each Output>.self).output(
        from: &visitor)
    })
}

/// Compiles what `differential(at:of:)` gives.
@inlinable
public func jit<each Input: TensorTree, Output: TensorTree>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: DifferentialFunction<repeat each Input, Output>
) -> CompiledFunction<repeat each Input, Output> {
  jit(
    memoryBudget: memoryBudget, rematerialization: rematerialization, buckets: buckets, file: file,
    line: line, function.body)
}

/// Compiles what `gradient(of:)` gives.
@inlinable
public func jit<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ gradient: GradientFunction<repeat each Input, Scalar>
) -> CompiledFunction<repeat each Input, (repeat each Input)> {
  CompiledFunction(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization, buckets,
    { (input: repeat each Input) in try gradient(repeat each input) },
    read: { output, visitor in repeat try visitor.read(each output) },
    template: { output, visitor in TupleTemplate(repeat try visitor.replace(each output)) },
    output: { template, visitor in
      try unsafeDowncast(template, to: TupleTemplate<repeat each Input>.self).output(from: &visitor)
    })
}

/// Compiles what `valueWithGradient(of:)` gives.
@inlinable
public func jit<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: ValueWithGradientFunction<repeat each Input, Scalar>
) -> CompiledFunction<
  repeat each Input, (value: Tensor<Scalar>, gradient: (repeat each Input))
> {
  CompiledFunction(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization, buckets,
    { (input: repeat each Input) in try function(repeat each input) },
    read: { output, visitor in
      try visitor.read(output.value)
      repeat try visitor.read(each output.gradient)
    },
    template: { output, visitor in
      _ = try visitor.replace(output.value)
      return TupleTemplate(repeat try visitor.replace(each output.gradient))
    },
    output: { template, visitor in
      let value = Tensor<Scalar>(try visitor.replacement(Scalar.elementType))
      return (
        value,
        try unsafeDowncast(template, to: TupleTemplate<repeat each Input>.self)
          .output(from: &visitor)
      )
    })
}
