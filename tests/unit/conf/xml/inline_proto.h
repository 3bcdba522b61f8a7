#pragma once

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lodge/xml/options.pb.h"

namespace lodge::test {

// Message types written down in the test itself: the annotations under test stand beside what they do.
class InlineProto {
 public:
  // `body`: the messages and enums; options are spelled (xml.at) as in our own files.
  explicit InlineProto(const std::string& body) {
    const std::string text = "syntax = \"proto3\"; package lodge.inline_test; import \"lodge/xml/options.proto\";\n" +
                             body;
    google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    google::protobuf::io::Tokenizer tokenizer(&stream, nullptr);
    google::protobuf::FileDescriptorProto file;
    google::protobuf::compiler::Parser parser;
    if (!parser.Parse(&tokenizer, &file)) throw std::logic_error("the test's proto does not parse");
    file.set_name("inline_test.proto");
    ::lodge::xml::Generated::descriptor();  // options.proto is in the generated pool
    // Plans are kept for the life of the process by the type's address, so types must live as long.
    static auto& worlds = *new std::vector<std::unique_ptr<World>>;
    world_ = worlds.emplace_back(std::make_unique<World>()).get();
    file_ = world_->pool.BuildFile(file);
    if (!file_) throw std::logic_error("the test's proto does not build");
  }

  const google::protobuf::Descriptor* type(const std::string& name) const { return file_->FindMessageTypeByName(name); }

  std::unique_ptr<google::protobuf::Message> make(const std::string& name) const {
    return std::unique_ptr<google::protobuf::Message>(world_->factory.GetPrototype(type(name))->New());
  }

 private:
  struct World {
    google::protobuf::DescriptorPool pool{google::protobuf::DescriptorPool::generated_pool()};
    google::protobuf::DynamicMessageFactory factory;
  };

  World* world_;
  const google::protobuf::FileDescriptor* file_;
};

}  // namespace lodge::test
