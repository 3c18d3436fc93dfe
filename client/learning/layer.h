// A layer that can say what each member's gradient is without ever holding it where that is dear
// (Bu et al. 2023). LibTorch stays out of headers: its tensor is only declared here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "client/learning/grid_sum.h"
#include "study/layer.h"

namespace at {
class Tensor;
}

namespace mutual::client {

// A batch's first axis: `members` fixed places with `rows` rows each, the rows of one member
// together.
struct MemberAxis {
  int64_t members;
  int64_t rows;
};

// Per member: the squared norm of the gradient, and W² of PRIVACY.md section 2 over the layers
// whose sum over members is a float32 product. What a layer adds by members, in float64, is its own
// truth and has no part in W.
struct MemberNorms {
  std::vector<double> squared, error;
};

// Per member. `is_poisoned`: some member's numbers are not finite (its factor is 0) and must not
// enter a product.
struct ClipFactors {
  std::vector<double> values;
  bool is_poisoned = false;
};

enum class InputGradient { kWanted, kUnwanted };

// Call order: Bind, then for each batch Forward, Backward, AddNorms, AddClipped. Not thread-safe.
// LibTorch's exceptions pass through.
class Layer {
 public:
  virtual ~Layer() = default;
  virtual int64_t parameter_count() const { return 0; }
  // `parameters` must outlive the layer's use.
  virtual void Bind(std::span<const float> parameters) { (void)parameters; }
  virtual at::Tensor Forward(const at::Tensor& input) = 0;
  // From the gradient of the output to that of the input (undefined when unwanted); keeps what
  // AddNorms needs.
  virtual at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) = 0;
  virtual void AddNorms(MemberNorms* norms) const { (void)norms; }
  // Adds Σ_m factor_m · gradient_m to the layer's own part of the sum.
  virtual void AddClipped(const ClipFactors& factors, GridSum sum) const {
    (void)factors, (void)sum;
  }
  // After a Backward: positions of a member that one float32 product sums over all members of the
  // batch; 0: none.
  virtual int64_t shared_positions() const { return 0; }
  // After a Backward: float32 values held per member because their gradient is formed.
  virtual int64_t held_values() const { return 0; }
  // After a Backward: multiplications of one forward pass for one member.
  virtual int64_t work() const { return 0; }
};

std::unique_ptr<Layer> MakeLinear(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeConvolution(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeEmbedding(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeCategories(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeNormalisation(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeGru(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeAttention(const study::LayerSpec& spec, MemberAxis axis);
std::unique_ptr<Layer> MakeShape(const study::LayerSpec& spec);  // layers without parameters
std::unique_ptr<Layer> MakeResidual(const study::LayerSpec& spec, MemberAxis axis);
// Several layers as one; parameters in the order of study::TensorsOf.
std::unique_ptr<Layer> MakeStack(const std::vector<study::LayerSpec>& specs, MemberAxis axis);

}  // namespace mutual::client
