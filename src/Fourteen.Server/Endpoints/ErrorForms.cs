using Fourteen.Protocol.Dialects.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Fourteen.Server.Endpoints;

/// <summary>The form of an error by path, for paths that do not exist.</summary>
internal static class ErrorForms
{
    internal static ErrorForm Of(PathString path) => OpenAiJson.WriteError;
}
