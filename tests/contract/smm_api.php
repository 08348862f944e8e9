<?php
/* The class that panels print for their customers, written from its list of methods, and one call of each of them.
   Arguments: address, key, order, refill, service. Prints one JSON object with the answers. */

class Api
{
    public $api_url;
    public $api_key;

    public function order($data) { return $this->call(array_merge(['action' => 'add'], $data)); }
    public function status($order_id) { return $this->call(['action' => 'status', 'order' => $order_id]); }
    public function multiStatus($order_ids) { return $this->call(['action' => 'status', 'orders' => implode(',', (array) $order_ids)]); }
    public function services() { return $this->call(['action' => 'services']); }
    public function refill(int $order_id) { return $this->call(['action' => 'refill', 'order' => $order_id]); }
    public function multiRefill(array $order_ids) { return $this->call(['action' => 'refill', 'orders' => implode(',', $order_ids)]); }
    public function refillStatus(int $refill_id) { return $this->call(['action' => 'refill_status', 'refill' => $refill_id]); }
    public function multiRefillStatus(array $refill_ids) { return $this->call(['action' => 'refill_status', 'refills' => implode(',', $refill_ids)]); }
    public function cancel(array $order_ids) { return $this->call(['action' => 'cancel', 'orders' => implode(',', $order_ids)]); }
    public function balance() { return $this->call(['action' => 'balance']); }

    private function call($data)
    {
        $options = ['http' => [
            'method' => 'POST',
            'header' => 'Content-Type: application/x-www-form-urlencoded',
            'user_agent' => 'Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)',
            'content' => http_build_query(array_merge(['key' => $this->api_key], $data)),
            'ignore_errors' => true,
        ]];
        return json_decode(file_get_contents($this->api_url, false, stream_context_create($options)));
    }
}

[, $url, $key, $order, $refill, $service] = $argv;
$api = new Api();
$api->api_url = $url;
$api->api_key = $key;
echo json_encode([
    'services' => $api->services(),
    'order' => $api->order(['service' => $service, 'link' => 'https://www.instagram.com/natgeo', 'quantity' => 100]),
    'comments' => $api->order(['service' => $service, 'link' => 'https://www.instagram.com/natgeo', 'quantity' => 100, 'runs' => 2, 'interval' => 5]),
    'status' => $api->status($order),
    'multiStatus' => $api->multiStatus([$order, 999999]),
    'refill' => $api->refill($order),
    'multiRefill' => $api->multiRefill([$order, 999999]),
    'refillStatus' => $api->refillStatus($refill),
    'multiRefillStatus' => $api->multiRefillStatus([$refill, 999999]),
    'cancel' => $api->cancel([$order, 999999]),
    'balance' => $api->balance(),
]);
