#include "study/layer.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace mutual::study {
namespace {

TensorShape Weight(std::string name, std::vector<int64_t> shape) {
  int64_t fan_in = 1;
  for (size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  return {std::move(name), std::move(shape), TensorStart::kUniform, fan_in};
}

TensorShape Bias(std::string name, int64_t size) { return {std::move(name), {size}}; }

// The tensors of one layer, without a residual's inner ones. None: the layer has no number of its
// own.
std::vector<TensorShape> OwnTensors(const LayerSpec& layer) {
  switch (layer.kind) {
    case LayerKind::kLinear:
      return {Weight("weight", {layer.out, layer.in}), Bias("bias", layer.out)};
    case LayerKind::kConvolution1d:
      return {Weight("weight", {layer.out, layer.in, layer.kernel}), Bias("bias", layer.out)};
    case LayerKind::kConvolution2d:
      return {Weight("weight", {layer.out, layer.in, layer.kernel, layer.kernel}),
              Bias("bias", layer.out)};
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
      return {{"weight", {layer.in}, TensorStart::kOne}, Bias("bias", layer.in)};
    case LayerKind::kEmbedding:
    case LayerKind::kEmbeddingMean:
      return {Weight("weight", {layer.in, layer.out})};
    case LayerKind::kCategories: {
      std::vector<TensorShape> tensors;
      for (const auto& [count, width] : layer.tables) {
        tensors.push_back(Weight(absl::StrFormat("table%d", tensors.size()), {count, width}));
      }
      return tensors;
    }
    case LayerKind::kGru:
      return {Weight("weight_ih", {3 * layer.out, layer.in}),
              Weight("weight_hh", {3 * layer.out, layer.out}), Bias("bias_ih", 3 * layer.out),
              Bias("bias_hh", 3 * layer.out)};
    case LayerKind::kAttention:
      return {Weight("in_weight", {3 * layer.in, layer.in}), Bias("in_bias", 3 * layer.in),
              Weight("out_weight", {layer.in, layer.in}), Bias("out_bias", layer.in)};
    default:
      return {};
  }
}

void Append(const std::vector<LayerSpec>& layers, size_t* number, std::vector<TensorShape>* all) {
  for (const LayerSpec& layer : layers) {
    if (layer.kind == LayerKind::kResidual) {
      Append(layer.inner, number, all);
      continue;
    }
    std::vector<TensorShape> own = OwnTensors(layer);
    if (own.empty()) continue;
    for (TensorShape& tensor : own) {
      tensor.name = absl::StrFormat("layers.%d.%s", *number, tensor.name);
      all->push_back(std::move(tensor));
    }
    ++*number;
  }
}

// Writes the statements; `place` is the prefix of the layer's attributes.
class Writer {
 public:
  std::string Layers(const std::vector<LayerSpec>& layers) {
    std::string text;
    for (const LayerSpec& layer : layers) text += One(layer);
    return text;
  }

 private:
  std::string One(const LayerSpec& layer) {
    if (layer.kind == LayerKind::kResidual) {
      const std::string kept = absl::StrFormat("kept%d", residuals_++);
      return Line(kept + " = x") + Layers(layer.inner) + Line("x = x + " + kept);
    }
    const std::string place = absl::StrFormat("self.layers_%d_", number_);
    if (!OwnTensors(layer).empty()) ++number_;
    if (layer.kind == LayerKind::kCategories) return Categories(layer, place);
    if (layer.kind == LayerKind::kAttention) return Attention(layer, place);
    return Line("x = " + Expression(layer, place));
  }

  static std::string Line(const std::string& statement) { return "    " + statement + "\n"; }

  static std::string Expression(const LayerSpec& layer, const std::string& place) {
    const std::string both = place + "weight, " + place + "bias";
    switch (layer.kind) {
      case LayerKind::kLinear:
        return "torch.linear(x, " + both + ")";
      case LayerKind::kTanh:
        return "torch.tanh(x)";
      case LayerKind::kRelu:
        return "torch.relu(x)";
      case LayerKind::kReshape:
        return "x.reshape([x.size(0), " + absl::StrJoin(layer.shape, ", ") + "])";
      case LayerKind::kConvolution1d:
        return absl::StrFormat("torch.conv1d(x, %s, [%d], [%d])", both, layer.stride,
                               layer.padding);
      case LayerKind::kConvolution2d:
        return absl::StrFormat("torch.conv2d(x, %s, [%d, %d], [%d, %d])", both, layer.stride,
                               layer.stride, layer.padding, layer.padding);
      case LayerKind::kMaxPool2d:
        return absl::StrFormat("torch.max_pool2d(x, [%d, %d], [%d, %d])", layer.kernel,
                               layer.kernel, layer.stride, layer.stride);
      case LayerKind::kMeanPool:
        return "torch.mean(x, [1])";
      case LayerKind::kLast:
        return "x.select(1, -1)";
      case LayerKind::kLayerNorm:
        return absl::StrFormat("torch.layer_norm(x, [%d], %s)", layer.in, both);
      case LayerKind::kGroupNorm:
        return absl::StrFormat("torch.group_norm(x, %d, %s)", layer.parts, both);
      case LayerKind::kEmbedding:
        return "torch.embedding(" + place + "weight, x.to(4)) * (x != 0).unsqueeze(-1)";
      case LayerKind::kEmbeddingMean:
        return "(torch.embedding(" + place +
               "weight, x.to(4)) * (x != 0).unsqueeze(-1)).sum([1]) / "
               "torch.clamp((x != 0).sum([1], True), 1)";
      case LayerKind::kGru:
        return absl::StrFormat(
            "torch.gru(x, x.new_zeros([1, x.size(0), %d]), [%sweight_ih, %sweight_hh, "
            "%sbias_ih, %sbias_hh], True, 1, 0.0, False, False, True)[0]",
            layer.out, place, place, place, place);
      default:
        return "x";
    }
  }

  static std::string Categories(const LayerSpec& layer, const std::string& place) {
    std::string parts = absl::StrFormat("x.narrow(1, 0, %d)", layer.in);
    for (size_t i = 0; i < layer.tables.size(); ++i) {
      parts += absl::StrFormat(", torch.embedding(%stable%d, x.select(1, %d).to(4))", place, i,
                               layer.in + static_cast<int64_t>(i));
    }
    return Line("x = torch.cat([" + parts + "], 1)");
  }

  std::string Attention(const LayerSpec& layer, const std::string& place) {
    const int64_t width = layer.in / layer.parts;
    return Line(absl::StrFormat("qkv = torch.linear(x, %sin_weight, %sin_bias).reshape([x.size(0), "
                                "x.size(1), 3, %d, %d]).permute([2, 0, 3, 1, 4])",
                                place, place, layer.parts, width)) +
           Line(absl::StrFormat(
               "scores = torch.softmax(torch.matmul(qkv[0], qkv[1].transpose(2, 3)) "
               "/ %.17g, 3)",
               std::sqrt(static_cast<double>(width)))) +
           Line(absl::StrFormat("x = torch.linear(torch.matmul(scores, qkv[2]).transpose(1, 2)."
                                "reshape([x.size(0), x.size(1), %d]), %sout_weight, %sout_bias)",
                                layer.in, place, place));
  }

  int number_ = 0, residuals_ = 0;
};

}  // namespace

int64_t TensorShape::size() const {
  int64_t total = 1;
  for (const int64_t side : shape) total *= side;
  return total;
}

std::vector<TensorShape> TensorsOf(const std::vector<LayerSpec>& layers) {
  std::vector<TensorShape> all;
  size_t number = 0;
  Append(layers, &number, &all);
  return all;
}

std::string TorchScriptOf(const std::vector<LayerSpec>& layers) { return Writer().Layers(layers); }

}  // namespace mutual::study
