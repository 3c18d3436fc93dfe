# Every package Mutual uses, found in one place. Version differences between
# Debian 12 and current releases are settled here and nowhere else.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(absl REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
# toml++ header-only: Debian's compiled library has exceptions on, we have them off.
find_path(MUTUAL_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(mutual_toml INTERFACE)
target_include_directories(mutual_toml SYSTEM INTERFACE ${MUTUAL_TOML_INCLUDE})
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)

# Protobuf: current releases ship a CMake package, Debian 12 only the module.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf MODULE REQUIRED)
endif()
find_program(MUTUAL_PROTOC protoc REQUIRED)
find_program(MUTUAL_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

# gRPC through pkg-config: Debian 12's gRPCConfig.cmake asks for find modules
# that it does not install everywhere.
pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
find_library(MUTUAL_GRPC_REFLECTION grpc++_reflection REQUIRED)

# SOCI: no CMake package in Debian 12.
find_library(MUTUAL_SOCI_CORE soci_core REQUIRED)
find_library(MUTUAL_SOCI_SQLITE soci_sqlite3 REQUIRED)
find_path(MUTUAL_SOCI_INCLUDE soci/soci.h REQUIRED)
add_library(mutual_soci INTERFACE)
target_include_directories(mutual_soci SYSTEM INTERFACE ${MUTUAL_SOCI_INCLUDE})
target_link_libraries(mutual_soci INTERFACE ${MUTUAL_SOCI_CORE} ${MUTUAL_SOCI_SQLITE}
                                            PkgConfig::SQLITE3)

# FFTW: Fourier transforms of the privacy accountant.
pkg_check_modules(FFTW3 REQUIRED IMPORTED_TARGET fftw3)

# HTTP for reading and serving the log.
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)

# libcsv: a header and a library, nothing else.
find_library(MUTUAL_CSV csv REQUIRED)
find_path(MUTUAL_CSV_INCLUDE csv.h REQUIRED)
add_library(mutual_csv INTERFACE)
target_include_directories(mutual_csv SYSTEM INTERFACE ${MUTUAL_CSV_INCLUDE})
target_link_libraries(mutual_csv INTERFACE ${MUTUAL_CSV})

# LibTorch. Debian puts it in the system prefix; elsewhere set CMAKE_PREFIX_PATH.
# Linked by library and not through TorchConfig.cmake, which pulls every
# dependency of a source build; only client/learning uses it.
find_library(MUTUAL_TORCH torch REQUIRED PATH_SUFFIXES lib)
find_library(MUTUAL_TORCH_CPU torch_cpu REQUIRED PATH_SUFFIXES lib)
find_library(MUTUAL_C10 c10 REQUIRED PATH_SUFFIXES lib)
find_path(MUTUAL_TORCH_INCLUDE torch/script.h REQUIRED PATH_SUFFIXES include)
find_path(MUTUAL_TORCH_API_INCLUDE torch/torch.h REQUIRED
          PATH_SUFFIXES include/torch/csrc/api/include torch/csrc/api/include)
add_library(mutual_torch INTERFACE)
target_include_directories(mutual_torch SYSTEM INTERFACE ${MUTUAL_TORCH_INCLUDE}
                                                         ${MUTUAL_TORCH_API_INCLUDE})
target_link_libraries(mutual_torch INTERFACE ${MUTUAL_TORCH} ${MUTUAL_TORCH_CPU} ${MUTUAL_C10})
# LibTorch 1.13's IValue is beyond clang 14 with C++20 (a vector of an incomplete type): then the training module is left
# out, with the tests and benchmarks that need it. The presets tsa and fuzz do without.
set(MUTUAL_TRAINING ON)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_INCLUDES ${MUTUAL_TORCH_INCLUDE} ${MUTUAL_TORCH_API_INCLUDE})
  set(CMAKE_REQUIRED_FLAGS "-std=c++20")
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  check_cxx_source_compiles("#include <torch/torch.h>\nint main() {}" MUTUAL_TORCH_COMPILES)
  unset(CMAKE_TRY_COMPILE_TARGET_TYPE)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_INCLUDES)
  if(NOT MUTUAL_TORCH_COMPILES)
    message(STATUS "This clang does not compile LibTorch's headers: no training module")
    set(MUTUAL_TRAINING OFF)
  endif()
endif()

if(MUTUAL_TESTS)
  # Catch2 v3 from 3.0 on; v2 on Debian 12, where we build the main ourselves.
  find_package(Catch2 REQUIRED)
  # RapidCheck: no CMake package in Debian 12.
  find_library(MUTUAL_RAPIDCHECK rapidcheck REQUIRED)
  find_path(MUTUAL_RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
  add_library(mutual_rapidcheck INTERFACE)
  target_include_directories(mutual_rapidcheck SYSTEM INTERFACE ${MUTUAL_RAPIDCHECK_INCLUDE})
  target_link_libraries(mutual_rapidcheck INTERFACE ${MUTUAL_RAPIDCHECK})
endif()
