// swift-format-ignore-file
// What is expected stands at the end of the line that it is about.
import Adjoint

// What users write by mistake, and what the compiler says on that line.

func mistakes(
  x: Tensor<Float>, d: Tensor<Double>, i: Tensor<Int32>, b: Tensor<Bool>, n: Int, s: Double
) throws {
  _ = x + d  // error: cannot convert value of type 'Tensor<Double>' to expected argument type 'Tensor<Float>'
  _ = x + i  // error: cannot convert value of type 'Tensor<Int32>' to expected argument type 'Tensor<Float>'
  _ = x * n  // error: binary operator '*' cannot be applied to operands of type 'Tensor<Float>' and 'Int'
  _ = x * s  // error: binary operator '*' cannot be applied to operands of type 'Tensor<Float>' and 'Double'
  _ = x > 0  // error: '>' is unavailable: write .> to compare elements, and item() for one of them
  _ = x == x  // error: '==' is unavailable: write .== to compare elements, and item() for one of them
  if x .> 0 { print(1) }  // error: cannot convert value of type 'Tensor<Bool>' to expected condition type 'Bool'
  _ = b && b  // error: cannot convert value of type 'Tensor<Bool>' to expected argument type 'Bool'
  _ = x ** 2  // error: no operator '**' is defined; did you mean 'pow(_:_:)'?
  _ = matmul(x, d)  // error: cannot convert value of type 'Tensor<Double>' to expected argument type 'Tensor<Float>'
  _ = x.sum(0)  // error: cannot convert value of type 'Int' to expected argument type '[Int]'
  _ = x.reshape(2, 3)  // error: 'reshape' is unavailable: write reshaped(to: [2, 3])
  _ = x.T  // error: 'T' is unavailable: write transposed()
  _ = stack([x, x])  // error: 'stack(_:axis:)' is unavailable: write stacked([x, y], axis: 0)
  _ = concatenate([x, x])  // error: 'concatenate(_:axis:)' is unavailable: write concatenated([x, y], axis: 0)
  for row in x { print(row) }  // error: for-in loop requires 'Tensor<Float>' to conform to 'Sequence'
  let y: Float = x.sum()  // error: cannot convert value of type 'Tensor<Float>' to specified type 'Float'
  _ = Float(x)  // error: 'init(_:)' is unavailable: write try x.item() for the only element of a tensor
  _ = Int(i)  // error: 'init(_:)' is unavailable: write try x.item() for the only element of a tensor
}

func named(_ x: Tensor<Float>) -> (loss: Tensor<Float>, other: Tensor<Float>) { (x.sum(), x) }

func derivatives(x: Tensor<Float>, i: Tensor<Int32>) throws {
  _ = try gradient(at: i) { i in i.sum() }  // error: 'gradient(at:_:file:line:of:)' is unavailable: the result must be one scalar of floats; write array literals as Tensor([1, 2])
  _ = try gradient(at: x) { x in x .> 0 }  // error: 'gradient(at:_:file:line:of:)' is unavailable: the result must be one scalar of floats; write array literals as Tensor([1, 2])
  _ = try gradient(at: x, of: named)  // error: 'gradient(at:_:file:line:of:)' is unavailable: the result must be one scalar of floats; write array literals as Tensor([1, 2])
  _ = try gradient(at: x, x) { x in x.sum() }  // error: contextual closure type '(Tensor<Float>, Tensor<Float>) throws -> Tensor<Float>' expects 2 arguments, but 1 was used in closure body
  _ = gradient(at: x) { $0.sum() }  // error: call can throw but is not marked with 'try'
}

func compiled(x: Tensor<Float>, d: Tensor<Double>) throws {
  let f = jit { (x: Tensor<Float>) in x + 1 }
  _ = f(x)  // error: call can throw but is not marked with 'try'
  _ = try f(x, x)  // error: extra argument in call
  _ = jit { (x: Tensor<Float>) in "a" }  // error: 'jit(file:line:_:)' is unavailable: parameters and results must be tensors or trees of them, not numbers; several results are one flat tuple
  _ = jit { (x: Tensor<Float>, n: Int) in x * Float(n) }  // error: 'jit(file:line:_:)' is unavailable: parameters and results must be tensors or trees of them, not numbers; several results are one flat tuple
  _ = jit { (x: Tensor<Float>) in ((x, x), x) }  // error: 'jit(file:line:_:)' is unavailable: parameters and results must be tensors or trees of them, not numbers; several results are one flat tuple
  _ = try scan(x, over: x) { sum, y in sum + y }  // error: 'scan(_:over:reversed:file:line:_:)' is unavailable: the closure must return the next state and an output, such as (state, state)
}

func closuresWithReturn(x: Tensor<Float>, i: Tensor<Int32>) throws {
  _ = try forLoop(3, x) { _, x in
    let y = 2 * x
    return y + i  // error: cannot convert value of type 'Tensor<Int32>' to expected argument type 'Tensor<Float>'
  }
  _ = try gradient(at: x) { x in
    let y = matmul(x)  // error: missing argument for parameter #2 in call
    return y.sum()
  }
  _ = try valueWithGradient(at: x, x) { x, y in
    let z = x * y
    return z.som()  // error: value of type 'Tensor<Float>' has no member 'som'
  }
  _ = try whileLoop(x, while: { $0.sum() .< 1 }) { x in
    if x.count > 3 { return x + x }
    return x.shape  // error: cannot convert value of type '[Int]' to closure result type 'Tensor<Float>'
  }
}

struct Layer: TensorTree {
  var weight: Tensor<Float>
  mutating func visitTensors(_ visitor: inout TensorVisitor) throws { try visitor.visit(&weight) }
}

func models(layer: Layer) {
  _ = layer - 0.1 * layer  // error: referencing operator function '*' on 'TensorVector' requires that 'Layer' conform to 'TensorVector'
}

struct Forgetful: TensorTree { var weight: Tensor<Float> }  // error: type 'Forgetful' does not conform to protocol 'TensorTree'
