// Seed inputs of the fuzz targets outside transparency.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace mutual::fuzz {

// By the noun of the target.
std::map<std::string, std::vector<std::string>> RoomSeeds();

}  // namespace mutual::fuzz
