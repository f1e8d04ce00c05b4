using System.Globalization;
using Cria.Generation;
using Cria.Server.Observation;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>GET /metrics</c>: what the server does and has done, for Prometheus; under its own names and under those that vLLM, llama.cpp and Friendli use for the same.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Sends the metrics.</summary>
    public static Task ServeAsync(HttpContext context, ModelHost host)
    {
        var text = new PrometheusText();
        EngineStatistics engine = host.Model.Engine.Statistics;
        WriteOwn(text, engine, host.Metrics);
        WriteVllm(text, engine, host);
        WriteLlamaCpp(text, engine, host.Metrics);
        WriteFriendli(text, engine, host.Metrics);
        ProcessMetrics.Write(text);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static double Used(EngineStatistics engine) => engine.MaxPages == 0 ? 0 : (double)(engine.UsedPages - engine.IdlePages) / engine.MaxPages;

    private static string Version => typeof(MetricsEndpoint).Assembly.GetName().Version?.ToString(3) ?? "";

    private static void WriteOwn(PrometheusText text, EngineStatistics engine, ServerMetrics metrics)
    {
        text.Gauge("cria_build_info", "The version, as a label.", 1, ("version", Version));
        text.Counters("cria_requests_total", "HTTP requests that ended.",
            metrics.Requests.Select(row => ((double)row.Count, new[] { ("route", row.Route), ("status", row.Status.ToString(CultureInfo.InvariantCulture)) })));
        text.Gauge("cria_requests_current", "HTTP requests in hand.", metrics.Current);
        text.Counters("cria_answers_total", "Answers that ended.", metrics.Answers.Select(row => ((double)row.Count, new[] { ("reason", row.Reason) })));
        text.Gauge("cria_sequences_running", "Sequences computed at every step.", engine.Running);
        text.Gauge("cria_sequences_waiting", "Sequences that wait for a place.", engine.Waiting);
        text.Counter("cria_sequences_refused_total", "Requests refused because too many waited.", engine.Refused);
        text.Counter("cria_preemptions_total", "Times a sequence was pushed out, to be computed again.", engine.Preemptions);
        text.Counter("cria_steps_total", "Steps of the network.", engine.Steps);
        text.Counter("cria_prompt_tokens_total", "Prompt tokens of all requests.", engine.PromptTokens);
        text.Counter("cria_prompt_tokens_cached_total", "Those of them that were found in the cache.", engine.CachedTokens);
        text.Counter("cria_generated_tokens_total", "Tokens generated.", engine.GeneratedTokens);
        text.Gauge("cria_kv_pages_used", "Cache pages that sequences need.", engine.UsedPages - engine.IdlePages);
        text.Gauge("cria_kv_pages_idle", "Cache pages of known prefixes that no sequence needs.", engine.IdlePages);
        text.Gauge("cria_kv_pages_max", "Cache pages that may be in use.", engine.MaxPages);
        text.Gauge("cria_kv_cache_bytes", "Bytes the cache holds.", engine.CacheBytes);
        text.Distribution("cria_prompt_length_tokens", "Tokens of a prompt.", metrics.PromptLength);
        text.Distribution("cria_answer_length_tokens", "Tokens of an answer.", metrics.AnswerLength);
        text.Distribution("cria_time_to_first_token_seconds", "From the request to the first token.", metrics.TimeToFirstToken);
        text.Distribution("cria_time_per_output_token_seconds", "From a token to the next, the mean of an answer.", metrics.TimePerToken);
        text.Distribution("cria_queue_time_seconds", "From the request to its first step.", metrics.QueueTime);
        text.Distribution("cria_request_duration_seconds", "From the request to the last token.", metrics.Duration);
    }

    private static void WriteVllm(PrometheusText text, EngineStatistics engine, ModelHost host)
    {
        (string, string) model = ("model_name", host.Name);
        ServerMetrics metrics = host.Metrics;
        text.Gauge("vllm:num_requests_running", "As cria_sequences_running.", engine.Running, model);
        text.Gauge("vllm:num_requests_waiting", "As cria_sequences_waiting.", engine.Waiting, model);
        text.Gauge("vllm:kv_cache_usage_perc", "Share of the cache that sequences need; 1 is all.", Used(engine), model);
        text.Counter("vllm:num_preemptions_total", "As cria_preemptions_total.", engine.Preemptions, model);
        text.Counter("vllm:prompt_tokens_total", "As cria_prompt_tokens_total.", engine.PromptTokens, model);
        text.Counter("vllm:generation_tokens_total", "As cria_generated_tokens_total.", engine.GeneratedTokens, model);
        text.Counter("vllm:prefix_cache_queries_total", "As cria_prompt_tokens_total.", engine.PromptTokens, model);
        text.Counter("vllm:prefix_cache_hits_total", "As cria_prompt_tokens_cached_total.", engine.CachedTokens, model);
        text.Counters("vllm:request_success_total", "As cria_answers_total.", metrics.Answers.Select(row => ((double)row.Count, new[] { model, ("finished_reason", row.Reason) })));
        text.Distribution("vllm:request_prompt_tokens", "As cria_prompt_length_tokens.", metrics.PromptLength, model);
        text.Distribution("vllm:request_generation_tokens", "As cria_answer_length_tokens.", metrics.AnswerLength, model);
        text.Distribution("vllm:time_to_first_token_seconds", "As cria_time_to_first_token_seconds.", metrics.TimeToFirstToken, model);
        text.Distribution("vllm:time_per_output_token_seconds", "As cria_time_per_output_token_seconds.", metrics.TimePerToken, model);
        text.Distribution("vllm:inter_token_latency_seconds", "As cria_time_per_output_token_seconds.", metrics.TimePerToken, model);
        text.Distribution("vllm:request_queue_time_seconds", "As cria_queue_time_seconds.", metrics.QueueTime, model);
        text.Distribution("vllm:e2e_request_latency_seconds", "As cria_request_duration_seconds.", metrics.Duration, model);
    }

    private static void WriteLlamaCpp(PrometheusText text, EngineStatistics engine, ServerMetrics metrics)
    {
        double promptSeconds = metrics.PromptTime.Sum, decodeSeconds = metrics.DecodeTime.Sum;
        text.Counter("llamacpp:prompt_tokens_total", "Prompt tokens computed.", engine.PromptTokens - engine.CachedTokens);
        text.Counter("llamacpp:prompt_seconds_total", "Seconds spent on prompts.", promptSeconds);
        text.Counter("llamacpp:tokens_predicted_total", "As cria_generated_tokens_total.", engine.GeneratedTokens);
        text.Counter("llamacpp:tokens_predicted_seconds_total", "Seconds spent on answers.", decodeSeconds);
        text.Counter("llamacpp:n_decode_total", "As cria_steps_total.", engine.Steps);
        text.Gauge("llamacpp:prompt_tokens_seconds", "Prompt tokens a second.", promptSeconds > 0 ? (engine.PromptTokens - engine.CachedTokens) / promptSeconds : 0);
        text.Gauge("llamacpp:predicted_tokens_seconds", "Tokens a second of an answer.", decodeSeconds > 0 ? engine.GeneratedTokens / decodeSeconds : 0);
        text.Gauge("llamacpp:requests_processing", "As cria_sequences_running.", engine.Running);
        text.Gauge("llamacpp:requests_deferred", "As cria_sequences_waiting.", engine.Waiting);
        text.Gauge("llamacpp:kv_cache_usage_ratio", "As vllm:kv_cache_usage_perc.", Used(engine));
    }

    /// <summary>The names and units of Friendli's container, whose dashboards count in nanoseconds.</summary>
    private static void WriteFriendli(PrometheusText text, EngineStatistics engine, ServerMetrics metrics)
    {
        const double Nanoseconds = 1e9;
        double[] shares = [0.5, 0.9, 0.99];
        text.Gauge("friendli_engine_version", "The version, as a label.", 1, ("version", Version));
        text.Counter("friendli_requests_total", "Requests for answers, those in hand included.", metrics.Asked + engine.Refused);
        text.Counter("friendli_responses_total", "Requests for answers that ended.", metrics.Asked - metrics.CurrentAsked + engine.Refused);
        text.Counter("friendli_items_total", "Answers asked for.", metrics.AskedAnswers);
        text.Counter("friendli_failure_by_cancel", "Answers that were cut off because the client left.", metrics.Answers.Where(row => row.Reason == "abort").Sum(row => row.Count));
        text.Counter("friendli_failure_by_reject", "As cria_sequences_refused_total.", engine.Refused);
        text.Gauge("friendli_current_requests", "Requests for answers in hand.", metrics.CurrentAsked);
        text.Gauge("friendli_current_items", "Sequences that run or wait.", engine.Running + engine.Waiting);
        text.Gauge("friendli_current_assigned_items", "As cria_sequences_running.", engine.Running);
        text.Gauge("friendli_current_waiting_items", "As cria_sequences_waiting.", engine.Waiting);
        text.Distribution("friendli_tcache_hit_ratio", "Share of a prompt's tokens that were found in the cache.", metrics.CachedShare);
        text.Distribution("friendli_input_lengths", "As cria_prompt_length_tokens.", metrics.PromptLength);
        text.Distribution("friendli_output_lengths", "As cria_answer_length_tokens.", metrics.AnswerLength);
        text.Summary("friendli_requests_latencies", "Nanoseconds from the request to the last token.", metrics.Duration, Nanoseconds, shares);
        text.Summary("friendli_requests_ttft", "Nanoseconds from the request to the first token.", metrics.TimeToFirstToken, Nanoseconds, shares);
        text.Summary("friendli_requests_queueing_delays", "Nanoseconds from the request to its first step.", metrics.QueueTime, Nanoseconds, shares);
    }
}
